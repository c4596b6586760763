#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <sys/epoll.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// Whom an event of a worker's epoll is for: a pointer, and what it points to.
class EventTag {
 public:
  enum class Kind : std::uint8_t { kMailbox, kListener, kClient, kBackend, kService, kFlow, kHeader, kHedge };

  /// `target` must be aligned to 8 bytes or more.
  EventTag(Kind kind, void* target) noexcept
      : value_(reinterpret_cast<std::uintptr_t>(target) | static_cast<std::uintptr_t>(kind)) {}
  explicit EventTag(const epoll_event& event) noexcept : value_(static_cast<std::uintptr_t>(event.data.u64)) {}

  Kind kind() const noexcept { return static_cast<Kind>(value_ & kKindBits); }
  template <typename T>
  T& target() const noexcept {
    return *reinterpret_cast<T*>(value_ & ~kKindBits);
  }
  std::uint64_t value() const noexcept { return value_; }

 private:
  static constexpr std::uintptr_t kKindBits = 7;
  std::uintptr_t value_;
};

/// One worker's epoll.
class Poller {
 public:
  /// Throws std::system_error when the system refuses.
  Poller();

  /// 0, or the errno.
  int watch(int fd, std::uint32_t events, EventTag tag);
  /// Of a descriptor that is watched already; what is ready now is told anew.
  int watch_as(int fd, std::uint32_t events, EventTag tag);
  /// The descriptor must be watched. Closing a descriptor that is not shared does the same without a call.
  void unwatch(int fd);

  /// Waits for events; until `deadline` at most, for ever without one. What it returns is valid until the next call.
  std::span<const epoll_event> wait(std::optional<std::chrono::steady_clock::time_point> deadline);
  /// What has happened by now, without waiting.
  std::span<const epoll_event> poll();

  /// There may be more to tell than these: what was returned filled the room there is.
  bool full(std::span<const epoll_event> events) const { return events.size() == events_.size(); }

 private:
  int control(int operation, int fd, std::uint32_t events, EventTag tag);
  std::span<const epoll_event> wait_milliseconds(int timeout);

  static constexpr std::size_t kBatch = 128;
  UniqueFd epoll_;
  std::array<epoll_event, kBatch> events_{};
};

}  // namespace ferry::proxy
