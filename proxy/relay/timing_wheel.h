#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "proxy/relay/intrusive_list.h"

namespace ferry::proxy {

/// Deadlines of many elements, kept to the tick: arming allocates nothing, unlinking the element disarms it.
///
/// The wheel reaches kSlots ticks ahead. A later deadline fires at the reach, and an element may also fire when a
/// neighbour's turn has come: who is told compares with its own deadline and arms again where that is not reached.
template <typename T>
class TimingWheel {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kSlots = 512;
  static constexpr std::chrono::milliseconds kTick{8};

  explicit TimingWheel(TimePoint now, std::chrono::milliseconds tick = kTick) : tick_(tick), passed_(tick_of(now)) {}

  void arm(T& element, TimePoint deadline) {
    // Rounded up, so that nothing fires early; the slot of `passed_` itself is behind.
    const std::int64_t tick = std::clamp<std::int64_t>(tick_of(deadline) + 1, passed_ + 1, passed_ + kSlots);
    slots_[slot_of(tick)].push_back(element);
    mark(slot_of(tick));
  }

  /// Calls `fire` for each element whose tick has passed, out of the wheel. `fire` may arm any element.
  template <typename Fire>
  void expire(TimePoint now, Fire fire) {
    const std::int64_t current = tick_of(now);
    const std::int64_t last = std::min<std::int64_t>(current, passed_ + kSlots);
    IntrusiveList<T> due;
    for (std::int64_t tick = passed_ + 1; tick <= last; ++tick) {
      take(slot_of(tick), due);
    }
    passed_ = std::max(passed_, current);
    while (!due.empty()) {
      T& element = due.front();
      element.unlink();
      fire(element);
    }
  }

  /// Calls `each` for every element, out of the wheel.
  template <typename Each>
  void clear(Each each) {
    for (IntrusiveList<T>& slot : slots_) {
      while (!slot.empty()) {
        T& element = slot.front();
        element.unlink();
        each(element);
      }
    }
    marked_.fill(0);
  }

  /// Calls `each` for every element, which stays where it is.
  template <typename Each>
  void for_each(Each each) {
    for (IntrusiveList<T>& slot : slots_) slot.for_each(each);
  }

  /// When expire() should be called next; nullopt when nothing is armed. May be early for elements unlinked since.
  std::optional<TimePoint> next() {
    for (std::int64_t tick = passed_ + 1; tick <= passed_ + static_cast<std::int64_t>(kSlots);) {
      const std::size_t slot = slot_of(tick);
      const std::uint64_t rest = marked_[slot / 64] >> (slot % 64);
      if (rest == 0) {
        tick += static_cast<std::int64_t>(64 - slot % 64);
      } else if ((rest & 1U) != 0 && !slots_[slot].empty()) {
        return TimePoint(tick_ * tick);
      } else {
        marked_[slot / 64] &= ~(std::uint64_t{rest & 1U} << (slot % 64));
        ++tick;
      }
    }
    return std::nullopt;
  }

 private:
  std::int64_t tick_of(TimePoint time) const { return time.time_since_epoch() / tick_; }
  static std::size_t slot_of(std::int64_t tick) { return static_cast<std::size_t>(tick) % kSlots; }

  void mark(std::size_t slot) { marked_[slot / 64] |= std::uint64_t{1} << (slot % 64); }

  void take(std::size_t slot, IntrusiveList<T>& due) {
    while (!slots_[slot].empty()) {
      due.push_back(slots_[slot].front());
    }
    marked_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }

  std::chrono::milliseconds tick_;
  std::array<IntrusiveList<T>, kSlots> slots_;
  /// A bit for each slot that may hold something.
  std::array<std::uint64_t, kSlots / 64> marked_{};
  /// The last tick that expire() has seen.
  std::int64_t passed_;
};

}  // namespace ferry::proxy
