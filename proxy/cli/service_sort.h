#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/cli/api.h"

namespace ferry::cli {

/// What a list of services is sorted by, in the order of a table's columns.
enum class SortKey : std::uint8_t {
  kName,
  kEndpoints,
  kEjected,
  kOpen,
  kConnections,
  kFailures,
  kBytes,
  kAccepted,
  kP99
};

constexpr std::array<SortKey, 9> kSortKeys{SortKey::kName,  SortKey::kEndpoints,   SortKey::kEjected,
                                           SortKey::kOpen,  SortKey::kConnections, SortKey::kFailures,
                                           SortKey::kBytes, SortKey::kAccepted,    SortKey::kP99};

/// As the API and --sort call it: "name", "open", "p99".
std::string_view name_of(SortKey key);
std::optional<SortKey> sort_key_of(std::string_view name);
/// "name, endpoints, …", as a message lists them.
std::string sort_key_names();

/// The largest first, but names from A on.
bool descends_by_default(SortKey key);

/// In the key's default order; equal ones by name. Those without a value are last.
void sort_services(std::vector<ServicePort>& services, SortKey key);

}  // namespace ferry::cli
