#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "config/backend_set.h"
#include "config/ip_address.h"

namespace ferry::proxy {

/// A hash of an address that is the same on every node and in every version.
std::uint64_t stable_hash(const config::IpAddress& address, std::uint64_t seed = 0) noexcept;

/// Which endpoint each client is carried to, by a consistent hash (Eisenbud et al., "Maglev", NSDI 2016, section 3.4):
/// every node chooses the same, without remembering anybody; endpoints have the same share to within a percent; and
/// when one leaves, hardly anybody moves but its own clients.
///
/// The table takes 256 KiB and about a millisecond to build for up to 655 endpoints: one that followed their number
/// more closely would be another with nearly every change, and would move everybody.
class MaglevTable {
 public:
  /// The set must not be empty.
  explicit MaglevTable(const config::BackendSet& set);

  /// The position in the set. `draw`: which of a client's choices, should the first ones not do.
  std::size_t pick(std::uint64_t client, unsigned draw = 0) const noexcept;

  std::size_t size() const noexcept { return entries_.size(); }

  /// A prime larger than 100 times the endpoints, the same for many numbers of them.
  static std::size_t size_for(std::size_t endpoints) noexcept;

 private:
  std::vector<std::uint32_t> entries_;
};

}  // namespace ferry::proxy
