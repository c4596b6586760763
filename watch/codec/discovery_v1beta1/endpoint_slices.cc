#include "watch/codec/discovery_v1beta1/formats.h"
#include "watch/codec/endpoint_slice_draft.h"
#include "watch/codec/fields.h"
#include "watch/codec/metadata.h"

namespace ferry::watch::codec::discovery_v1beta1 {
namespace {

// nodeName came late and behind a gate (1.20): the topology map tells the node where it is absent.
void read_place(JsonReader& in, std::string_view key, config::Endpoint& endpoint) {
  if (key == "nodeName") {
    read_text(in, endpoint.node_name);
  } else if (key == "topology") {
    read_map(in, [&](std::string_view name, std::string_view text) {
      if (name == "kubernetes.io/hostname" && endpoint.node_name.empty()) endpoint.node_name = text;
    });
  }
}

class Draft : public EndpointSliceDraft {
 public:
  static constexpr ObjectType kType{"EndpointSlice", "discovery.k8s.io/v1beta1"};
  Draft() : EndpointSliceDraft(&read_place, ServingDefault::kAsReady) {}
};

}  // namespace

constinit const WireFormat<config::EndpointSlice> kEndpointSlices{
    "discovery.k8s.io/v1beta1", "endpointslices", "/apis/discovery.k8s.io/v1beta1", false, &decode<Draft>,
    &decode_meta<Draft>};

}  // namespace ferry::watch::codec::discovery_v1beta1
