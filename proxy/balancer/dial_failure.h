#pragma once

#include <cstdint>

namespace ferry::proxy {

/// What a dial that brought no connection met.
enum class DialFailure : std::uint8_t {
  kRefused,
  kTimedOut,
  kUnreachable,
  /// Ours, not the endpoint's.
  kLocalShortage,
};

/// Sorts an errno of socket(2) or connect(2).
DialFailure classify_dial_error(int error) noexcept;

}  // namespace ferry::proxy
