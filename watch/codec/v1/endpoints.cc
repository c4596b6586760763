#include <utility>

#include "watch/codec/decode_object.h"
#include "watch/codec/endpoint_slice_draft.h"
#include "watch/codec/fields.h"
#include "watch/codec/metadata.h"
#include "watch/codec/v1/formats.h"

namespace ferry::watch::codec::v1 {
namespace {

class EndpointsDraft {
 public:
  using Value = config::EndpointSlice;
  static constexpr ObjectType kType{"Endpoints", "v1"};
  static constexpr ReadMeta read_meta = &read_object_metadata;

  void member(JsonReader& in, std::string_view key) {
    if (key == "subsets") {
      in.elements([&](std::size_t) { read_subset(in); });
    } else if (key == "metadata") {
      in.members([&](std::string_view field) { read_metadata(in, field); });
    }
  }

  void complete(JsonReader& in) {
    require_namespaced(in, meta);
    value.name = meta.name;
    value.service = meta.name.name;
  }

  ObjectMeta meta;
  config::EndpointSlice value;
  Remarks remarks;

 private:
  void read_metadata(JsonReader& in, std::string_view key) {
    if (key == "annotations") {
      read_slice_annotations(in, meta, value, remarks);
    } else {
      read_metadata_member(in, key, meta);
    }
  }
  void read_subset(JsonReader& in);
  void read_endpoint(JsonReader& in, bool ready, std::vector<config::Endpoint>& out);
  void read_port(JsonReader& in, std::vector<config::EndpointPort>& out);
};

void EndpointsDraft::read_subset(JsonReader& in) {
  config::EndpointSubset subset;
  in.members([&](std::string_view key) {
    if (key == "addresses" || key == "notReadyAddresses") {
      const bool ready = key == "addresses";
      in.elements([&](std::size_t) { read_endpoint(in, ready, subset.endpoints); });
    } else if (key == "ports") {
      in.elements([&](std::size_t) { read_port(in, subset.ports); });
    }
  });
  subset.endpoints.shrink_to_fit();
  value.subsets.push_back(std::move(subset));
}

void EndpointsDraft::read_endpoint(JsonReader& in, bool ready, std::vector<config::Endpoint>& out) {
  config::Endpoint endpoint;
  endpoint.ready = ready;
  endpoint.serving = ready;
  std::string ip;
  in.members([&](std::string_view key) {
    if (key == "ip") {
      read_text(in, ip);
    } else if (key == "nodeName") {
      read_text(in, endpoint.node_name);
    }
  });
  const auto address = config::IpAddress::parse(ip);
  if (!address) return remarks.add(in, is_not(ip, "an IP address"));
  endpoint.address = *address;
  out.push_back(std::move(endpoint));
}

void EndpointsDraft::read_port(JsonReader& in, std::vector<config::EndpointPort>& out) {
  const PortFields fields = read_port_fields(in);
  if (!fields.protocol) return remarks.add(in, "its protocol is not known");
  if (fields.port.value_or(0) == 0) return remarks.add(in, "it has no port number");
  out.push_back({fields.name.value_or(""), *fields.protocol, *fields.port});
}

}  // namespace

constinit const WireFormat<config::EndpointSlice> kEndpoints{
    "v1", "endpoints", "/api/v1", false, &decode<EndpointsDraft>, &decode_meta<EndpointsDraft>};

}  // namespace ferry::watch::codec::v1
