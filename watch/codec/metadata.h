#pragma once

#include <string>
#include <string_view>

#include "watch/codec/json_reader.h"
#include "watch/codec/wire_format.h"

namespace ferry::watch::codec {

/// One member of the ObjectMeta every object has since v1beta3 (name, namespace, resourceVersion).
void read_metadata_member(JsonReader& in, std::string_view key, ObjectMeta& meta);

/// Calls on_entry(key, value) for each entry of a map of strings, such as labels.
template <class OnEntry>
void read_map(JsonReader& in, OnEntry&& on_entry) {
  in.members([&](std::string_view key) {
    if (const auto value = in.text()) on_entry(key, *value);
  });
}

/// Reads the annotations: tells the end of a WatchList's initial events, and calls on_entry for every one.
template <class OnEntry>
void read_annotations(JsonReader& in, ObjectMeta& meta, OnEntry&& on_entry) {
  read_map(in, [&](std::string_view key, std::string_view value) {
    if (key == "k8s.io/initial-events-end" && value == "true") meta.initial_events_end = true;
    on_entry(key, value);
  });
}

/// Fails unless the object has a name, and a namespace.
void require_namespaced(JsonReader& in, const ObjectMeta& meta);

/// An object of the API since v1beta3, as far as its metadata goes: how its member reads for a bookmark or a deletion.
void read_object_metadata(JsonReader& in, std::string_view key, ObjectMeta& meta);

}  // namespace ferry::watch::codec
