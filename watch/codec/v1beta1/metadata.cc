#include "watch/codec/v1beta1/metadata.h"

#include "watch/codec/fields.h"

namespace ferry::watch::codec::v1beta1 {

void read_metadata(JsonReader& in, std::string_view key, ObjectMeta& meta) {
  if (key == "id") {
    read_text(in, meta.name.name);
    if (meta.name.ns.empty()) meta.name.ns = "default";
  } else if (key == "namespace") {
    read_text(in, meta.name.ns);
  } else if (key == "resourceVersion") {
    if (const auto version = in.text_or_number()) meta.resource_version = *version;
  }
}

void require_id(JsonReader& in, const ObjectMeta& meta) {
  if (meta.name.name.empty()) in.fail("id: missing");
}

}  // namespace ferry::watch::codec::v1beta1
