#pragma once

#include "tests/apiserver/json.h"

namespace ferry::apiserver {

/// An EndpointSlice of discovery.k8s.io/v1 as v1beta1 says it: node and zone of an endpoint are in its `topology`.
Json slice_to_v1beta1(const Json& slice);

/// The other way.
Json slice_from_v1beta1(Json slice);

}  // namespace ferry::apiserver
