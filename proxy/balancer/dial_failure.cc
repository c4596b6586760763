#include "proxy/balancer/dial_failure.h"

#include <cerrno>

namespace ferry::proxy {

DialFailure classify_dial_error(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
      return DialFailure::kRefused;
    case ETIMEDOUT:
      return DialFailure::kTimedOut;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EAGAIN:  // connect(2): no free local port
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:  // epoll_ctl(2): too many watches
      return DialFailure::kLocalShortage;
    default:
      return DialFailure::kUnreachable;
  }
}

}  // namespace ferry::proxy
