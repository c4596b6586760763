#pragma once

#include <string>
#include <vector>

#include "tests/apiserver/controllers/endpoint_plan.h"

namespace ferry::apiserver {

inline constexpr std::size_t kMaxEndpointsPerSlice = 100;
inline constexpr const char* kServiceNameLabel = "kubernetes.io/service-name";
inline constexpr const char* kSliceManagedByLabel = "endpointslice.kubernetes.io/managed-by";
inline constexpr const char* kSliceManager = "endpointslice-controller.k8s.io";

/// What is to be written, in this order, so that no endpoint is missing in between: EndpointSlices to create (with
/// `metadata.generateName`), to replace, and the names of those to remove.
struct SliceChanges {
  std::vector<Json> create;
  std::vector<Json> replace;
  std::vector<std::string> remove;

  [[nodiscard]] bool empty() const { return create.empty() && replace.empty() && remove.empty(); }
};

/// Leads the slices that stand to the endpoints that are wanted, touching as few as can be: an endpoint stays in the
/// slice it is in, a new one goes to a slice that changes anyway, then to one with room, then to a new one; a slice
/// that is no longer needed takes over what would need a new one. `existing` are this controller's slices of the
/// service, in the order of their names.
SliceChanges reconcile_slices(const ServiceFacts& service, const std::vector<EndpointGroup>& wanted,
                              const std::vector<const Json*>& existing);

}  // namespace ferry::apiserver
