#pragma once

#include <string>

namespace ferry::config {

/// What the node that the proxy runs on is called and where it stands; both may be empty when unknown.
struct NodeIdentity {
  std::string name;
  std::string zone;

  friend bool operator==(const NodeIdentity&, const NodeIdentity&) = default;
};

}  // namespace ferry::config
