#include "watch/codec/metadata.h"

#include "watch/codec/fields.h"

namespace ferry::watch::codec {

void read_metadata_member(JsonReader& in, std::string_view key, ObjectMeta& meta) {
  if (key == "name") {
    read_text(in, meta.name.name);
  } else if (key == "namespace") {
    read_text(in, meta.name.ns);
  } else if (key == "resourceVersion") {
    read_text(in, meta.resource_version);
  }
}

void require_namespaced(JsonReader& in, const ObjectMeta& meta) {
  if (meta.name.name.empty()) in.fail("metadata.name: missing");
  if (meta.name.ns.empty()) in.fail("metadata.namespace: missing");
}

void read_object_metadata(JsonReader& in, std::string_view key, ObjectMeta& meta) {
  if (key != "metadata") return;
  in.members([&](std::string_view field) {
    if (field == "annotations") {
      read_annotations(in, meta, [](std::string_view, std::string_view) {});
    } else {
      read_metadata_member(in, field, meta);
    }
  });
}

}  // namespace ferry::watch::codec
