#include "tests/proxy/relay/test_sockets.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "proxy/relay/socket_address.h"
#include "tests/proxy/relay/fail.h"

namespace ferry::proxy::testing {

namespace {

config::IpAddress parse(const std::string& text) {
  const auto address = config::IpAddress::parse(text);
  if (!address) {
    throw std::invalid_argument(text);
  }
  return *address;
}

UniqueFd new_socket(int domain) {
  UniqueFd fd(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) {
    fail("socket");
  }
  return fd;
}

/// A socket at the client's own address, where one is given.
UniqueFd new_client(int domain, const std::string& from, int flags) {
  UniqueFd fd(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  const SocketAddress own(parse(from.empty() ? (domain == AF_INET ? "0.0.0.0" : "::") : from), 0);
  if (!fd || (!from.empty() && ::bind(fd.get(), own.data(), own.size()) != 0)) {
    fail("a client's socket");
  }
  return fd;
}

std::uint16_t port_of(const sockaddr_storage& storage) {
  return storage.ss_family == AF_INET ? ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port)
                                      : ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
}

std::uint16_t local_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return port_of(storage);
}

bool ready(int fd, short events, int timeout) {
  pollfd polled{fd, events, 0};
  return ::poll(&polled, 1, timeout) > 0;
}

constexpr int kPatienceMilliseconds = 10'000;

}  // namespace

TestSocket::TestSocket(UniqueFd fd) : fd_(std::move(fd)) {
  const timeval patience{kPatienceMilliseconds / 1000, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

TestSocket TestSocket::connect(const std::string& address, std::uint16_t port, const std::string& from) {
  const SocketAddress target(parse(address), port);
  TestSocket socket(new_client(target.domain(), from, 0));
  if (::connect(socket.fd(), target.data(), target.size()) != 0) {
    fail("connect");
  }
  return socket;
}

bool TestSocket::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string TestSocket::receive(std::size_t size) const {
  std::string bytes(size, '\0');
  const ssize_t received = ::recv(fd(), bytes.data(), size, MSG_WAITALL);
  bytes.resize(received > 0 ? static_cast<std::size_t>(received) : 0);
  return bytes;
}

std::string TestSocket::receive_rest() const {
  std::string all;
  std::array<char, 65536> buffer;
  for (ssize_t got = 0; (got = ::recv(fd(), buffer.data(), buffer.size(), 0)) > 0;) {
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return all;
}

bool TestSocket::at_end() const {
  char byte = 0;
  return ::recv(fd(), &byte, 1, 0) == 0;
}

bool TestSocket::was_reset() const {
  std::array<char, 4096> buffer;
  ssize_t got = 0;
  do {
    got = ::recv(fd(), buffer.data(), buffer.size(), 0);
  } while (got > 0);
  return got < 0 && (errno == ECONNRESET || errno == EPIPE);
}

bool TestSocket::has_error() const {
  pollfd polled{fd(), 0, 0};
  return ::poll(&polled, 1, kPatienceMilliseconds) > 0 && (polled.revents & POLLERR) != 0;
}

bool TestSocket::readable_now() const { return ready(fd(), POLLIN, 0); }

void TestSocket::shutdown_write() const { ::shutdown(fd(), SHUT_WR); }

void TestSocket::reset() {
  const linger immediate{1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &immediate, sizeof(immediate));
  fd_.reset();
}

std::uint16_t TestSocket::peer_port() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  ::getpeername(fd(), reinterpret_cast<sockaddr*>(&storage), &size);
  return port_of(storage);
}

config::IpAddress TestSocket::own_address() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  ::getsockname(fd(), reinterpret_cast<sockaddr*>(&storage), &size);
  return address_of(storage).value();
}

std::uint16_t TestSocket::own_port() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  ::getsockname(fd(), reinterpret_cast<sockaddr*>(&storage), &size);
  return port_of(storage);
}

TestListener::TestListener(const std::string& address, std::uint16_t port, int backlog)
    : address_(parse(address)), fd_(new_socket(address_.is_v4() ? AF_INET : AF_INET6)) {
  const int on = 1;
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const SocketAddress local(address_, port);
  if (::bind(fd_.get(), local.data(), local.size()) != 0 || ::listen(fd_.get(), backlog) != 0) {
    fail("listen");
  }
  port_ = local_port(fd_.get());
}

TestSocket TestListener::accept() const {
  UniqueFd accepted(ready(fd(), POLLIN, kPatienceMilliseconds) ? ::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC) : -1);
  if (!accepted) {
    fail("accept");
  }
  return TestSocket(std::move(accepted));
}

bool TestListener::pending() const { return ready(fd(), POLLIN, 0); }

std::uint16_t free_port(const std::string& address) {
  const TestListener listener(address);
  return listener.port();
}

std::pair<TestSocket, TestSocket> connected_pair() {
  TestListener listener;
  TestSocket client = TestSocket::connect("127.0.0.1", listener.port());
  return {std::move(client), listener.accept()};
}

int connect_error(const std::string& address, std::uint16_t port) {
  try {
    TestSocket::connect(address, port);
    return 0;
  } catch (const std::system_error& error) {
    return error.code().value();
  }
}

bool is_ignored(const std::string& address, std::uint16_t port, const std::string& from) {
  const SocketAddress target(parse(address), port);
  const UniqueFd asking = new_client(target.domain(), from, SOCK_NONBLOCK);
  if (::connect(asking.get(), target.data(), target.size()) != 0 && errno != EINPROGRESS) {
    fail("connect");
  }
  // The loopback device delivers in order: once a later connection stands, an answer to this one would be there.
  connected_pair();
  tcp_info info{};
  socklen_t size = sizeof(info);
  ::getsockopt(asking.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
  return info.tcpi_state == TCP_SYN_SENT;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

}  // namespace ferry::proxy::testing
