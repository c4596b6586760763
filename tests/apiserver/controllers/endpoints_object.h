#pragma once

#include "tests/apiserver/controllers/endpoint_plan.h"

namespace ferry::apiserver {

/// A new Endpoints object of a service.
Json make_endpoints(const ServiceFacts& service, const EndpointSubsets& subsets);

/// The Endpoints object that stands, led to the same: its subsets and labels; what else others put there stays.
Json lead_endpoints(const Json& existing, const ServiceFacts& service, const EndpointSubsets& subsets);

/// Whether the object says that the endpoints controller keeps it.
bool is_managed_endpoints(const Json& endpoints);

}  // namespace ferry::apiserver
