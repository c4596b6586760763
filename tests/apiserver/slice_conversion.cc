#include "tests/apiserver/slice_conversion.h"

#include <string>

namespace ferry::apiserver {
namespace {

constexpr const char* kHostname = "kubernetes.io/hostname";
constexpr const char* kZone = "topology.kubernetes.io/zone";

Json endpoint_to_v1beta1(const Json& endpoint) {
  Json out = Json::object();
  Json topology = endpoint.value("deprecatedTopology", Json::object());
  if (endpoint.contains("nodeName")) topology[kHostname] = endpoint["nodeName"];
  if (endpoint.contains("zone")) topology[kZone] = endpoint["zone"];
  for (const char* field : {"addresses", "conditions", "hostname", "targetRef"}) {
    if (endpoint.contains(field)) out[field] = endpoint[field];
  }
  if (!topology.empty()) out["topology"] = topology;
  if (endpoint.contains("hints")) out["hints"] = endpoint["hints"];
  return out;
}

void endpoint_from_v1beta1(Json& endpoint) {
  const auto topology = endpoint.find("topology");
  if (topology == endpoint.end() || !topology->is_object()) return;
  Json rest = *topology;
  endpoint.erase("topology");
  if (rest.contains(kHostname) && !endpoint.contains("nodeName")) endpoint["nodeName"] = rest[kHostname];
  if (rest.contains(kZone) && !endpoint.contains("zone")) endpoint["zone"] = rest[kZone];
  rest.erase(kHostname);
  rest.erase(kZone);
  if (!rest.empty()) endpoint["deprecatedTopology"] = rest;
}

}  // namespace

Json slice_to_v1beta1(const Json& slice) {
  Json out = slice;
  const auto endpoints = out.find("endpoints");
  if (endpoints != out.end() && endpoints->is_array()) {
    for (auto& endpoint : *endpoints) endpoint = endpoint_to_v1beta1(endpoint);
  }
  return out;
}

Json slice_from_v1beta1(Json slice) {
  const auto endpoints = slice.find("endpoints");
  if (endpoints != slice.end() && endpoints->is_array()) {
    for (auto& endpoint : *endpoints) {
      if (endpoint.is_object()) endpoint_from_v1beta1(endpoint);
    }
  }
  return slice;
}

}  // namespace ferry::apiserver
