#include "watch/codec/discovery_v1/formats.h"
#include "watch/codec/endpoint_slice_draft.h"
#include "watch/codec/fields.h"

namespace ferry::watch::codec::discovery_v1 {
namespace {

void read_place(JsonReader& in, std::string_view key, config::Endpoint& endpoint) {
  if (key == "nodeName") read_text(in, endpoint.node_name);
}

class Draft : public EndpointSliceDraft {
 public:
  static constexpr ObjectType kType{"EndpointSlice", "discovery.k8s.io/v1"};
  Draft() : EndpointSliceDraft(&read_place, ServingDefault::kServing) {}
};

}  // namespace

constinit const WireFormat<config::EndpointSlice> kEndpointSlices{
    "discovery.k8s.io/v1", "endpointslices", "/apis/discovery.k8s.io/v1", false, &decode<Draft>, &decode_meta<Draft>};

}  // namespace ferry::watch::codec::discovery_v1
