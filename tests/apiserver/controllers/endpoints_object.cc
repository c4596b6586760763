#include "tests/apiserver/controllers/endpoints_object.h"

namespace ferry::apiserver {
namespace {

constexpr const char* kManagedByLabel = "endpoints.kubernetes.io/managed-by";
constexpr const char* kManager = "endpoint-controller";
constexpr const char* kOverCapacity = "endpoints.kubernetes.io/over-capacity";

void mark_capacity(Json& metadata, bool truncated) {
  if (truncated) {
    metadata["annotations"][kOverCapacity] = "truncated";
  } else if (const auto annotations = metadata.find("annotations"); annotations != metadata.end()) {
    annotations->erase(kOverCapacity);
    if (annotations->empty()) metadata.erase("annotations");
  }
}

}  // namespace

Json make_endpoints(const ServiceFacts& service, const EndpointSubsets& subsets) {
  const Json blank = {{"metadata", {{"name", service.key.name}, {"namespace", service.key.name_space}}}};
  return lead_endpoints(blank, service, subsets);
}

Json lead_endpoints(const Json& existing, const ServiceFacts& service, const EndpointSubsets& subsets) {
  Json endpoints = existing;
  Json& metadata = endpoints["metadata"];
  LabelMap labels = inherited_labels(service);
  labels[kManagedByLabel] = kManager;
  metadata["labels"] = labels;
  mark_capacity(metadata, subsets.truncated);
  if (subsets.subsets.empty()) {
    endpoints.erase("subsets");
  } else {
    endpoints["subsets"] = subsets.subsets;
  }
  return endpoints;
}

bool is_managed_endpoints(const Json& endpoints) {
  return text_at(endpoints, {"metadata", "labels", kManagedByLabel}) == kManager;
}

}  // namespace ferry::apiserver
