#pragma once

#include "config/service_cidr.h"
#include "watch/codec/wire_format.h"

/// The API networking.k8s.io, version v1.
namespace ferry::watch::codec::networking_v1 {

/// A range that does not read is left out.
extern const WireFormat<config::ServiceCidr> kServiceCidrs;

}  // namespace ferry::watch::codec::networking_v1
