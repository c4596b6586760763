#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ferry::proxy {

/// Hands out positions in turn. One cursor, shared by every thread that asks; no lock, no allocation.
class RoundRobin {
 public:
  /// The next position among `size`, which must not be 0.
  std::size_t next(std::size_t size) noexcept {
    return static_cast<std::size_t>(cursor_.fetch_add(1, std::memory_order_relaxed) % size);
  }

  /// The next position handed out is the first again.
  void restart() noexcept { cursor_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> cursor_{0};
};

}  // namespace ferry::proxy
