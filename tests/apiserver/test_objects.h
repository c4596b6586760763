#pragma once

#include <string>

#include "tests/apiserver/json.h"

namespace ferry::testing {

inline constexpr const char* kServices = "/api/v1/namespaces/default/services";

/// A service "name" with one port and the label tier.
inline apiserver::Json service(const std::string& name, const std::string& tier = "a") {
  return {{"metadata", {{"name", name}, {"labels", {{"tier", tier}}}}},
          {"spec", {{"ports", apiserver::Json::array({{{"name", "http"}, {"port", 80}}})}}}};
}

/// The same in the namespace "default", as the storage takes it.
inline apiserver::Json stored_service(const std::string& name, const std::string& tier = "a") {
  auto object = service(name, tier);
  object["metadata"]["namespace"] = "default";
  return object;
}

}  // namespace ferry::testing
