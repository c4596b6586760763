#pragma once

#include <cstdint>

#include <sys/epoll.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// One socket of a relayed connection, and what epoll last told about it. It is watched edge-triggered from its first
/// moment to its last, so each of the marks stands until a system call proves it wrong.
struct Leg {
  /// What a leg is watched for. EPOLLOUT costs nothing: the kernel reports it only after it refused bytes.
  static constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;

  UniqueFd fd;
  bool readable = false;
  bool writable = false;
  /// Its peer's FIN has arrived: what can be read now is all there will be.
  bool ending = false;
  /// It was reset, or the network gave it up.
  bool failed = false;
  /// Urgent data makes a read stop short of it, so a short read does not mean that nothing is left.
  bool urgent = false;

  void note(std::uint32_t events) noexcept {
    readable |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    writable |= (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    ending |= (events & (EPOLLRDHUP | EPOLLHUP)) != 0;
    failed |= (events & EPOLLERR) != 0;
    urgent |= (events & EPOLLPRI) != 0;
  }
};

}  // namespace ferry::proxy
