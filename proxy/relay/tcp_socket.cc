#include "proxy/relay/tcp_socket.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "proxy/relay/socket_address.h"
#include "proxy/relay/source_filter.h"

namespace ferry::proxy {

namespace {

bool enable(int fd, int level, int option, int value = 1) {
  return ::setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/// tcp(7), in seconds.
struct KeepAlive {
  int idle = 120;
  int interval = 30;
  int probes = 4;
};

bool set_keep_alive(int fd, const KeepAlive& how) {
  return enable(fd, SOL_SOCKET, SO_KEEPALIVE) && enable(fd, IPPROTO_TCP, TCP_KEEPIDLE, how.idle) &&
         enable(fd, IPPROTO_TCP, TCP_KEEPINTVL, how.interval) && enable(fd, IPPROTO_TCP, TCP_KEEPCNT, how.probes);
}

bool set_listener_options(int fd, bool v4) {
  return enable(fd, SOL_SOCKET, SO_REUSEADDR) && enable(fd, SOL_SOCKET, SO_OOBINLINE) &&
         enable(fd, IPPROTO_TCP, TCP_NODELAY) && set_keep_alive(fd, {}) &&
         (v4 ? enable(fd, IPPROTO_IP, IP_FREEBIND)
             : enable(fd, IPPROTO_IPV6, IPV6_V6ONLY) && enable(fd, IPPROTO_IPV6, IPV6_FREEBIND));
}

}  // namespace

SocketResult start_connect(const config::IpAddress& address, std::uint16_t port) {
  const SocketAddress target(address, port);
  UniqueFd fd(::socket(target.domain(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd || !enable(fd.get(), IPPROTO_TCP, TCP_NODELAY)) {
    return SocketResult::failure();
  }
  if (::connect(fd.get(), target.data(), target.size()) != 0 && errno != EINPROGRESS) {
    return SocketResult::failure();
  }
  return {std::move(fd), 0};
}

SocketResult open_listener(const config::IpAddress& address, std::uint16_t port, int backlog,
                           const std::vector<config::IpPrefix>* only_from) {
  const SocketAddress local(address, port);
  UniqueFd fd(::socket(local.domain(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd || !set_listener_options(fd.get(), address.is_v4()) || ::bind(fd.get(), local.data(), local.size()) != 0) {
    return SocketResult::failure();
  }
  if (const int error = only_from == nullptr ? 0 : admit_only(fd.get(), address.family(), *only_from); error != 0) {
    return {UniqueFd(), error};
  }
  if (::listen(fd.get(), backlog) != 0) {
    return SocketResult::failure();
  }
  return {std::move(fd), 0};
}

void keep_alive(int fd, std::chrono::milliseconds limit) {
  KeepAlive how;
  if (limit > std::chrono::milliseconds{0}) {
    const auto seconds = static_cast<int>(std::max<std::int64_t>(limit.count() / 1000, 6));
    how = {seconds / 2, seconds / 6, 3};
  }
  static_cast<void>(set_keep_alive(fd, how));
}

int take_socket_error(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void close_with_reset(UniqueFd fd) {
  const linger immediate{1, 0};
  static_cast<void>(::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &immediate, sizeof(immediate)));
}

}  // namespace ferry::proxy
