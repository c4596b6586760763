#include <utility>

#include "watch/codec/decode_object.h"
#include "watch/codec/fields.h"
#include "watch/codec/metadata.h"
#include "watch/codec/v1/formats.h"

namespace ferry::watch::codec::v1 {
namespace {

constexpr std::string_view kZoneLabel = "topology.kubernetes.io/zone";
constexpr std::string_view kScaledDownTaint = "ToBeDeletedByClusterAutoscaler";

class NodeDraft {
 public:
  using Value = config::Node;
  static constexpr ObjectType kType{"Node", "v1"};
  static constexpr ReadMeta read_meta = &read_object_metadata;

  void member(JsonReader& in, std::string_view key);

  void complete(JsonReader& in) {
    if (meta.name.name.empty()) in.fail("metadata.name: missing");
    value.name = meta.name.name;
    // Servers before 1.16 write podCIDR alone.
    if (value.pod_cidrs.empty()) value.pod_cidrs = std::move(pod_cidr_);
  }

  ObjectMeta meta;
  config::Node value;
  Remarks remarks;

 private:
  void read_metadata(JsonReader& in, std::string_view key);
  void read_spec(JsonReader& in, std::string_view key);
  void read_range(JsonReader& in, std::vector<config::IpPrefix>& out);
  void read_node_address(JsonReader& in);

  std::vector<config::IpPrefix> pod_cidr_;
};

void NodeDraft::member(JsonReader& in, std::string_view key) {
  if (key == "metadata") {
    in.members([&](std::string_view field) { read_metadata(in, field); });
  } else if (key == "spec") {
    in.members([&](std::string_view field) { read_spec(in, field); });
  } else if (key == "status") {
    in.members([&](std::string_view field) {
      if (field == "addresses") in.elements([&](std::size_t) { read_node_address(in); });
    });
  }
}

void NodeDraft::read_metadata(JsonReader& in, std::string_view key) {
  if (key == "labels") {
    read_map(in, [&](std::string_view label, std::string_view text) {
      if (label == kZoneLabel) value.zone = text;
    });
  } else if (key == "annotations") {
    read_annotations(in, meta, [](std::string_view, std::string_view) {});
  } else if (key == "deletionTimestamp") {
    if (in.text()) value.going_away = true;
  } else {
    read_metadata_member(in, key, meta);
  }
}

void NodeDraft::read_spec(JsonReader& in, std::string_view key) {
  if (key == "podCIDRs") {
    in.elements([&](std::size_t) { read_range(in, value.pod_cidrs); });
  } else if (key == "podCIDR") {
    read_range(in, pod_cidr_);
  } else if (key == "taints") {
    in.elements([&](std::size_t) {
      in.members([&](std::string_view field) {
        if (field == "key" && in.text() == kScaledDownTaint) value.going_away = true;
      });
    });
  }
}

void NodeDraft::read_range(JsonReader& in, std::vector<config::IpPrefix>& out) {
  const auto text = in.text();
  if (!text || text->empty()) return;
  if (const auto range = config::IpPrefix::parse(*text)) {
    out.push_back(*range);
  } else {
    remarks.add(in, is_not(*text, "an address range"));
  }
}

// Addresses of the other types are names.
void NodeDraft::read_node_address(JsonReader& in) {
  std::string type;
  std::string text;
  in.members([&](std::string_view key) {
    if (key == "type") {
      read_text(in, type);
    } else if (key == "address") {
      read_text(in, text);
    }
  });
  if (type != "InternalIP" && type != "ExternalIP") return;
  if (const auto address = config::IpAddress::parse(text)) {
    value.addresses.push_back(*address);
  } else {
    remarks.add(in, is_not(text, "an IP address"));
  }
}

}  // namespace

constinit const WireFormat<config::Node> kNodes{
    "v1", "nodes", "/api/v1", false, &decode<NodeDraft>, &decode_meta<NodeDraft>};

}  // namespace ferry::watch::codec::v1
