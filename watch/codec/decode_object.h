#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "watch/codec/json_reader.h"
#include "watch/codec/wire_format.h"

namespace ferry::watch::codec {

/// What an object must call itself, where it says so at all: the items of a list do not.
struct ObjectType {
  std::string_view kind;
  std::string_view api_version;
};

/// Reads one member of an object into its metadata; leaves alone what is none.
using ReadMeta = void (*)(JsonReader& in, std::string_view key, ObjectMeta& meta);

/// Reads `key` when it names the object's type, and fails unless it is the one expected. False: another member.
bool read_type_member(JsonReader& in, std::string_view key, const ObjectType& type);

/// Fails for a text larger than an object may be.
void check_size(JsonReader& in, std::string_view json);

/// Why `json` was skipped: the reader's problem, with the name and version that can still be made out.
DecodeError decode_error(const JsonReader& in, std::string_view json, ReadMeta read_meta);

/// Decodes only the metadata. WireFormat::decode_meta for an object whose metadata `Draft::read_meta` reads.
template <class Draft>
DecodeResult<ObjectMeta> decode_meta(std::string_view json) {
  JsonReader in(json);
  check_size(in, json);
  ObjectMeta meta;
  in.members([&](std::string_view key) {
    if (!read_type_member(in, key, Draft::kType)) Draft::read_meta(in, key, meta);
  });
  in.finish();
  if (!in.ok()) return decode_error(in, json, Draft::read_meta);
  return meta;
}

/// Decodes one object. WireFormat::decode for a Draft, which is what its codec knows of the format: `Value`, `kType`,
/// `read_meta`, the members `meta` and `value`, `member(in, key)`, which reads one member of the object, and
/// `complete(in)`, which checks and settles the whole; `remarks` say what it left out.
template <class Draft>
DecodeResult<Decoded<typename Draft::Value>> decode(std::string_view json) {
  JsonReader in(json);
  check_size(in, json);
  Draft draft;
  in.members([&](std::string_view key) {
    if (!read_type_member(in, key, Draft::kType)) draft.member(in, key);
  });
  in.finish();
  if (in.ok()) draft.complete(in);
  if (!in.ok()) return decode_error(in, json, Draft::read_meta);
  return Decoded<typename Draft::Value>{std::move(draft.meta), std::move(draft.value), draft.remarks.to_string()};
}

}  // namespace ferry::watch::codec
