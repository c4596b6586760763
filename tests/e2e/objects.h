#pragma once

#include <cstdint>
#include <string>

#include "tests/e2e/api.h"

namespace ferry::testing {

/// The objects that the suite creates, as a person would write them. All live in the namespace "default".

inline const std::string kServices = "/api/v1/namespaces/default/services";
inline const std::string kPods = "/api/v1/namespaces/default/pods";
inline const std::string kNodes = "/api/v1/nodes";

/// The port at which every service of the suite is reached.
inline constexpr std::uint16_t kServicePort = 8080;

/// Selects the pods labelled app=NAME, and reaches them at `target_port`.
Json service_object(const std::string& name, std::uint16_t target_port);
/// Labelled app=APP; not yet scheduled, not yet running.
Json pod_object(const std::string& name, const std::string& app);
/// The status of a pod that runs at `address` and is ready.
Json running_status(const std::string& address);
Json node_object(const std::string& name);

}  // namespace ferry::testing
