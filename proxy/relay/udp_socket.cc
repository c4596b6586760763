#include "proxy/relay/udp_socket.h"

#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

#include "proxy/relay/socket_address.h"
#include "proxy/relay/source_filter.h"

namespace ferry::proxy {

namespace {

/// What stands in the queue while a worker turns to others; the kernel's default holds some 250 small datagrams.
constexpr int kServiceBuffer = 4 << 20;

void set_buffers(int fd) {
  for (const auto& [forced, polite] : {std::pair(SO_RCVBUFFORCE, SO_RCVBUF), std::pair(SO_SNDBUFFORCE, SO_SNDBUF)}) {
    if (::setsockopt(fd, SOL_SOCKET, forced, &kServiceBuffer, sizeof(kServiceBuffer)) != 0) {
      static_cast<void>(::setsockopt(fd, SOL_SOCKET, polite, &kServiceBuffer, sizeof(kServiceBuffer)));
    }
  }
}

bool set_service_options(int fd, bool v4) {
  const int on = 1;
  return v4 ? ::setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) == 0
            : ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0 &&
                  ::setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on)) == 0;
}

}  // namespace

SocketResult open_datagrams(const config::IpAddress& address, std::uint16_t port,
                            const std::vector<config::IpPrefix>* only_from) {
  const SocketAddress local(address, port);
  UniqueFd fd(::socket(local.domain(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd || !set_service_options(fd.get(), address.is_v4())) {
    return SocketResult::failure();
  }
  if (const int error = only_from == nullptr ? 0 : admit_only(fd.get(), address.family(), *only_from); error != 0) {
    return {UniqueFd(), error};
  }
  if (::bind(fd.get(), local.data(), local.size()) != 0) {
    return SocketResult::failure();
  }
  set_buffers(fd.get());
  return {std::move(fd), 0};
}

SocketResult connect_datagrams(const config::IpAddress& address, std::uint16_t port) {
  const SocketAddress target(address, port);
  UniqueFd fd(::socket(target.domain(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd || ::connect(fd.get(), target.data(), target.size()) != 0) {
    return SocketResult::failure();
  }
  return {std::move(fd), 0};
}

int reconnect_datagrams(int fd, const config::IpAddress& address, std::uint16_t port) {
  const SocketAddress target(address, port);
  return ::connect(fd, target.data(), target.size()) == 0 ? 0 : errno;
}

}  // namespace ferry::proxy
