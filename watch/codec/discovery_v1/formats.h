#pragma once

#include "config/endpoint_slice.h"
#include "watch/codec/wire_format.h"

/// The API group discovery.k8s.io, version v1.
namespace ferry::watch::codec::discovery_v1 {

extern const WireFormat<config::EndpointSlice> kEndpointSlices;

}  // namespace ferry::watch::codec::discovery_v1
