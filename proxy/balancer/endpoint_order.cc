#include "proxy/balancer/endpoint_order.h"

#include <algorithm>
#include <compare>

namespace ferry::proxy {

namespace {

std::strong_ordering order(const config::Backend& a, const config::Backend& b) noexcept {
  const std::strong_ordering by_address = a.address <=> b.address;
  return by_address != 0 ? by_address : a.port <=> b.port;
}

bool before(const config::Backend& a, const config::Backend& b) noexcept { return order(a, b) < 0; }

}  // namespace

bool same_endpoint(const config::Backend& a, const config::Backend& b) noexcept { return order(a, b) == 0; }

std::optional<std::size_t> position_of(const config::BackendSet& set, const config::Backend& backend) noexcept {
  const auto found = std::lower_bound(set.backends.begin(), set.backends.end(), backend, before);
  if (found == set.backends.end() || !same_endpoint(*found, backend)) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - set.backends.begin());
}

std::size_t position_after(const config::BackendSet& set, const config::Backend& backend) noexcept {
  const auto found = std::upper_bound(set.backends.begin(), set.backends.end(), backend, before);
  return found == set.backends.end() ? 0 : static_cast<std::size_t>(found - set.backends.begin());
}

bool disjoint(const config::BackendSet& a, const config::BackendSet& b) noexcept {
  auto left = a.backends.begin();
  auto right = b.backends.begin();
  while (left != a.backends.end() && right != b.backends.end()) {
    const std::strong_ordering compared = order(*left, *right);
    if (compared == 0) {
      return false;
    }
    if (compared < 0) {
      ++left;
    } else {
      ++right;
    }
  }
  return true;
}

}  // namespace ferry::proxy
