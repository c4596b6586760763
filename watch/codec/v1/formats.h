#pragma once

#include "config/endpoint_slice.h"
#include "config/node.h"
#include "config/service.h"
#include "watch/codec/wire_format.h"

/// The core API, version v1.
namespace ferry::watch::codec::v1 {

/// A port of 0 or 70000, or a cluster address or source range that does not read, spoils the whole Service: serving
/// the rest would hide it, or open what should be closed. An external or load-balancer address that does not read, or
/// a port of a protocol not known here, is left out.
extern const WireFormat<config::Service> kServices;

/// One subset for each of the object's, those not ready being neither ready nor serving. The service is the one of the
/// object's own name. A port without a number and an address that does not read are left out.
extern const WireFormat<config::EndpointSlice> kEndpoints;

extern const WireFormat<config::Node> kNodes;

}  // namespace ferry::watch::codec::v1
