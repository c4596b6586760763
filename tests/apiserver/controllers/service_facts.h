#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tests/apiserver/controllers/json_view.h"
#include "tests/apiserver/controllers/object_key.h"

namespace ferry::apiserver {

/// One entry of a Service's `spec.ports`, as far as an endpoint's port follows from it.
struct ServicePortFacts {
  std::string name;
  std::string protocol = "TCP";
  /// A number, or the name of a container's port.
  std::variant<std::uint16_t, std::string> target;
  std::string app_protocol;

  friend bool operator==(const ServicePortFacts&, const ServicePortFacts&) = default;
};

/// What a Service says, as far as its endpoints follow from it: two that are equal have the same endpoints.
struct ServiceFacts {
  ObjectKey key;
  std::string uid;
  LabelMap labels;
  LabelMap selector;
  std::vector<ServicePortFacts> ports;
  /// "IPv4" and "IPv6", the primary one first; never empty.
  std::vector<std::string> families;
  bool headless = false;
  bool publish_not_ready = false;
  /// Of the type ExternalName: a name in DNS, without endpoints.
  bool external_name = false;

  /// Whether its endpoints are ours to keep.
  [[nodiscard]] bool selects_pods() const { return !selector.empty() && !external_name; }

  friend bool operator==(const ServiceFacts&, const ServiceFacts&) = default;
};

/// Reads a Service. Parts of a wrong type count as absent.
ServiceFacts read_service(const Json& service);

}  // namespace ferry::apiserver
