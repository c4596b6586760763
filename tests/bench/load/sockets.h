#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <netinet/in.h>
#include <sys/epoll.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::bench {

using Clock = std::chrono::steady_clock;

/// What is read or written at a time, at most, unless said otherwise.
inline constexpr std::size_t kBufferBytes = 256UL * 1024;

/// "127.0.0.1:80". Throws std::runtime_error.
sockaddr_in parse_endpoint(const std::string& text);

/// Sockets that do not block; TCP ones send small messages at once. Throw std::system_error.
proxy::UniqueFd open_socket(int type);
proxy::UniqueFd listen_at(const sockaddr_in& address);
/// A TCP connection under way, or a connected UDP socket. `source`: from that many after 127.1.0.0; 0: from any.
proxy::UniqueFd connect_to(const sockaddr_in& address, int type = SOCK_STREAM, std::uint32_t source = 0);

/// An epoll whose events carry an index.
class Events {
 public:
  Events();

  void add(int fd, std::uint32_t events, std::uint64_t index) { control(EPOLL_CTL_ADD, fd, events, index); }
  void modify(int fd, std::uint32_t events, std::uint64_t index) { control(EPOLL_CTL_MOD, fd, events, index); }
  /// Valid until the next call.
  std::span<const epoll_event> wait(std::chrono::nanoseconds at_most);

 private:
  void control(int operation, int fd, std::uint32_t events, std::uint64_t index);

  proxy::UniqueFd epoll_;
  std::array<epoll_event, 256> events_{};
};

}  // namespace ferry::bench
