#pragma once

#include <string>
#include <vector>

#include "config/service_port_info.h"

namespace ferry::proxy {

/// What a person should know of a batch of changes, one line each: service ports of protocols that are not carried, in
/// one line for all that are new; endpoints that are refused, where there are more than before; annotations of ours
/// that say nothing.
std::vector<std::string> warnings_about(const std::vector<config::ServicePortChange>& changes);

}  // namespace ferry::proxy
