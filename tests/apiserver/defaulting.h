#pragma once

#include <string_view>

#include "tests/apiserver/json.h"
#include "tests/apiserver/server.h"

namespace ferry::apiserver {

/// Fills in what a real server fills in before it validates: protocols, target ports, policies, phases. What it
/// allocates (cluster IPs, node ports) is not part of it.
void set_defaults(std::string_view resource, Json& object, Release release);

}  // namespace ferry::apiserver
