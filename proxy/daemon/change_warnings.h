#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/service_port_info.h"

namespace ferry::proxy {

struct ChangeWarnings {
  std::vector<std::string> lines;
  /// Annotations of ours among them, each counted once for its Service.
  std::uint64_t wrong_annotations = 0;
};

/// What a person should know of a batch of changes, one line each: service ports of protocols that are not carried, in
/// one line for all that are new; endpoints that are refused, where there are more than before; annotations of ours
/// that are wrong and were not so before.
ChangeWarnings warnings_about(const std::vector<config::ServicePortChange>& changes);

}  // namespace ferry::proxy
