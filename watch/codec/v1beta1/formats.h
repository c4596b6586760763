#pragma once

#include "config/endpoint_slice.h"
#include "config/service.h"
#include "watch/codec/wire_format.h"

/// The API of 2014: names and versions stand at the top of an object, the version is a number, and there are no
/// namespaces ("default" stands for the one there is).
namespace ferry::watch::codec::v1beta1 {

/// One unnamed port; the portal address, once the master gave one, is the cluster address.
extern const WireFormat<config::Service> kServices;

/// A subset for each port number, its endpoints in the order given, all ready. An entry names no protocol: its port
/// stands for TCP and UDP alike, and the service says which. Entries that are not ADDRESS:PORT are left out.
extern const WireFormat<config::EndpointSlice> kEndpoints;

}  // namespace ferry::watch::codec::v1beta1
