#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "proxy/cli/admin_client.h"
#include "proxy/cli/api.h"
#include "proxy/cli/json.h"

namespace ferry::cli {

/// Asks for a target and waits for the answer: ask_and_wait at a socket, or a test's own answers.
using Ask = std::function<Answer(const std::string& target)>;

/// A service by its name.
struct ServiceName {
  std::string namespace_name;
  std::string name;

  friend bool operator==(const ServiceName&, const ServiceName&) = default;
};

/// "/api/services/default/web"
std::string target_of(const ServiceName& service);

struct ServiceSelection {
  /// A part of `namespace/name:port` or of an address; empty: all.
  std::string pattern{};
  /// Exactly this namespace; empty: all.
  std::string namespace_name{};
};

/// Service ports as the daemon gives them, page by page and each once, by name.
struct CollectedServices {
  /// In the daemon's whole list.
  std::uint64_t total = 0;
  std::vector<Json> items;
  /// The bound was reached, and there are more.
  bool cut = false;
};

/// At most `most` service ports. The list may change between two pages: what moves may then be missing.
std::variant<CollectedServices, AskError> collect_services(const Ask& ask, const ServiceSelection& selection,
                                                           std::size_t most);

/// Leaves what is selected of a list that is all there is: the API itself knows no namespaces.
void keep_only(ServiceList& list, const ServiceSelection& selection);

}  // namespace ferry::cli
