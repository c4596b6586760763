#pragma once

#include <string_view>

#include "watch/codec/json_reader.h"
#include "watch/codec/wire_format.h"

namespace ferry::watch::codec::v1beta1 {

/// Reads one member of an object into its metadata; leaves alone what is none. An object that names no namespace is in
/// "default".
void read_metadata(JsonReader& in, std::string_view key, ObjectMeta& meta);

/// Fails unless the object has an id.
void require_id(JsonReader& in, const ObjectMeta& meta);

}  // namespace ferry::watch::codec::v1beta1
