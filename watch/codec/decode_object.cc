#include "watch/codec/decode_object.h"

#include "watch/codec/json_text.h"
#include "watch/codec/stream_scanner.h"

namespace ferry::watch::codec {
namespace {

constexpr std::size_t kMaxNameInError = 512;

}  // namespace

bool read_type_member(JsonReader& in, std::string_view key, const ObjectType& type) {
  const bool is_kind = key == "kind";
  if (!is_kind && key != "apiVersion") return false;
  const std::string_view expected = is_kind ? type.kind : type.api_version;
  const auto found = in.text();
  if (found && !found->empty() && *found != expected) {
    in.fail('"' + printable(*found, 64) + "\" where " + std::string(expected) + " was expected");
  }
  return true;
}

void check_size(JsonReader& in, std::string_view json) {
  if (json.size() > kMaxObjectBytes) in.fail("larger than " + std::to_string(kMaxObjectBytes) + " bytes");
}

DecodeError decode_error(const JsonReader& in, std::string_view json, ReadMeta read_meta) {
  DecodeError error;
  error.reason = in.problem();
  if (json.size() > kMaxObjectBytes) return error;
  // Fields come in any order: the metadata may stand behind the mistake.
  JsonReader again(json);
  ObjectMeta meta;
  again.members([&](std::string_view key) { read_meta(again, key, meta); });
  if (!meta.name.name.empty()) error.object = printable(meta.name.to_string(), kMaxNameInError);
  error.resource_version = std::move(meta.resource_version);
  return error;
}

}  // namespace ferry::watch::codec
