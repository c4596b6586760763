#pragma once

#include <atomic>
#include <cstddef>

namespace ferry::proxy {

/// How many flows all workers may have open together: each costs a descriptor, of which connections need some too.
class FlowBudget {
 public:
  explicit FlowBudget(std::size_t most) : most_(most) {}

  /// False at the bound.
  bool take() noexcept {
    if (open_.fetch_add(1, std::memory_order_relaxed) < most_) {
      return true;
    }
    give_back();
    return false;
  }
  void give_back() noexcept { open_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> open_{0};
};

}  // namespace ferry::proxy
