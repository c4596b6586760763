#include "tests/bench/load/sockets.h"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace ferry::bench {

namespace {

/// 127.1.0.0
constexpr std::uint32_t kFirstSource = 0x7f010000;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

}  // namespace

sockaddr_in parse_endpoint(const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const auto colon = text.find(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (::inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1 || port.empty() ||
      port.find_first_not_of("0123456789") != std::string::npos) {
    throw std::runtime_error("'" + text + "' is no ADDRESS:PORT, such as 127.0.0.1:9000");
  }
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(port)));
  return address;
}

proxy::UniqueFd open_socket(int type) {
  proxy::UniqueFd fd(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) fail("socket");
  const int yes = 1;
  if (type == SOCK_STREAM && ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0) fail("NODELAY");
  return fd;
}

proxy::UniqueFd listen_at(const sockaddr_in& address) {
  proxy::UniqueFd fd = open_socket(SOCK_STREAM);
  const int yes = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
      ::bind(fd.get(), generic(address), sizeof(address)) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
    fail("listen");
  }
  return fd;
}

proxy::UniqueFd connect_to(const sockaddr_in& address, int type, std::uint32_t source) {
  proxy::UniqueFd fd = open_socket(type);
  if (source != 0) {
    const int yes = 1;
    const sockaddr_in from{AF_INET, 0, {htonl(kFirstSource + source)}, {}};
    // The port is chosen for the destination, when it is known.
    if (::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes)) != 0 ||
        ::bind(fd.get(), generic(from), sizeof(from)) != 0) {
      fail("bind");
    }
  }
  if (::connect(fd.get(), generic(address), sizeof(address)) != 0 && errno != EINPROGRESS) fail("connect");
  return fd;
}

Events::Events() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) fail("epoll_create1");
}

std::span<const epoll_event> Events::wait(std::chrono::nanoseconds at_most) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at_most);
  const timespec timeout{seconds.count(), (at_most - seconds).count()};
  const int count = ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
  if (count < 0 && errno != EINTR) fail("epoll_pwait2");
  return {events_.data(), static_cast<std::size_t>(std::max(count, 0))};
}

void Events::control(int operation, int fd, std::uint32_t events, std::uint64_t index) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = index;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) fail("epoll_ctl");
}

}  // namespace ferry::bench
