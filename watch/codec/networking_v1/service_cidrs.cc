#include "watch/codec/decode_object.h"
#include "watch/codec/fields.h"
#include "watch/codec/metadata.h"
#include "watch/codec/networking_v1/formats.h"

namespace ferry::watch::codec::networking_v1 {
namespace {

class ServiceCidrDraft {
 public:
  using Value = config::ServiceCidr;
  static constexpr ObjectType kType{"ServiceCIDR", "networking.k8s.io/v1"};
  static constexpr ReadMeta read_meta = &read_object_metadata;

  void member(JsonReader& in, std::string_view key) {
    if (key == "metadata") {
      in.members([&](std::string_view field) { read_metadata_member(in, field, meta); });
    } else if (key == "spec") {
      in.members([&](std::string_view field) {
        if (field == "cidrs") in.elements([&](std::size_t) { read_range(in); });
      });
    }
  }

  void complete(JsonReader& in) {
    if (meta.name.name.empty()) in.fail("metadata.name: missing");
    value.name = meta.name.name;
  }

  ObjectMeta meta;
  config::ServiceCidr value;
  Remarks remarks;

 private:
  void read_range(JsonReader& in) {
    const auto text = in.text();
    if (!text) return;
    if (const auto range = config::IpPrefix::parse(*text)) {
      value.ranges.push_back(*range);
    } else {
      remarks.add(in, is_not(*text, "an address range"));
    }
  }
};

}  // namespace

constinit const WireFormat<config::ServiceCidr> kServiceCidrs{
    "networking.k8s.io/v1",        "servicecidrs", "/apis/networking.k8s.io/v1", false, &decode<ServiceCidrDraft>,
    &decode_meta<ServiceCidrDraft>};

}  // namespace ferry::watch::codec::networking_v1
