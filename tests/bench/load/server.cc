#include "tests/bench/load/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include "tests/bench/load/sockets.h"
#include "tests/bench/load/wire.h"

namespace ferry::bench {

namespace {

constexpr std::uint64_t kListener = ~std::uint64_t{0};
constexpr std::uint64_t kDatagrams = kListener - 1;

class Server {
 public:
  Server(const sockaddr_in& address, std::chrono::milliseconds delay, std::size_t buffer)
      : listener_(listen_at(address)),
        datagrams_(open_socket(SOCK_DGRAM)),
        delay_(delay),
        buffer_(buffer),
        zeros_(buffer) {
    if (::bind(datagrams_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error("cannot bind the datagram socket");
    }
    events_.add(listener_.get(), EPOLLIN, kListener);
    events_.add(datagrams_.get(), EPOLLIN, kDatagrams);
  }

  [[noreturn]] void run() {
    for (;;) {
      for (const epoll_event& event : events_.wait(until_due())) {
        if (event.data.u64 == kListener) {
          accept();
        } else if (event.data.u64 == kDatagrams) {
          echo();
        } else {
          serve(static_cast<int>(event.data.u64));
        }
      }
      send_due();
    }
  }

 private:
  struct Connection {
    proxy::UniqueFd fd;
    /// Tells it from another one of the same number.
    std::uint64_t serial = 0;
    std::string greeting;
    Hello hello;
    std::size_t request_rest = 0;
    std::size_t owed = 0;
    bool greeted = false;
    bool waits_for_room = false;
  };
  /// Responses that are kept back.
  struct Late {
    Clock::time_point due;
    int number;
    std::uint64_t serial;
    std::size_t bytes;
  };

  std::chrono::nanoseconds until_due() const {
    if (late_.empty()) return std::chrono::hours{1};
    return std::max(std::chrono::nanoseconds{0}, std::chrono::nanoseconds(late_.front().due - Clock::now()));
  }

  void send_due() {
    while (!late_.empty() && late_.front().due <= Clock::now()) {
      const Late late = late_.front();
      late_.pop_front();
      const auto found = connections_.find(late.number);
      if (found == connections_.end() || found->second.serial != late.serial) continue;
      found->second.owed += late.bytes;
      if (!write(found->second)) connections_.erase(found);
    }
  }

  void accept() {
    for (int tries = 0; tries < 64; ++tries) {
      proxy::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) return;
      const int number = fd.get();
      events_.add(number, EPOLLIN, static_cast<std::uint64_t>(number));
      Connection& connection = connections_[number];
      connection.fd = std::move(fd);
      connection.serial = ++accepted_;
    }
  }

  void echo() {
    for (int tries = 0; tries < 64; ++tries) {
      sockaddr_in peer{};
      socklen_t size = sizeof(peer);
      const ssize_t received =
          ::recvfrom(datagrams_.get(), buffer_.data(), buffer_.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
      if (received < 0) return;
      ::sendto(datagrams_.get(), buffer_.data(), static_cast<std::size_t>(received), 0,
               reinterpret_cast<const sockaddr*>(&peer), size);
    }
  }

  void serve(int number) {
    Connection& connection = connections_[number];
    if (!read(connection) || !write(connection)) connections_.erase(number);
  }

  /// False: the connection has ended.
  bool read(Connection& connection) {
    for (;;) {
      const ssize_t received = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
      if (received <= 0) return received < 0 && errno == EAGAIN;
      hear(connection, buffer_.data(), static_cast<std::size_t>(received));
      if (static_cast<std::size_t>(received) < buffer_.size()) return true;
    }
  }

  void hear(Connection& connection, const char* bytes, std::size_t size) {
    if (!connection.greeted) {
      connection.greeting.append(bytes, size);
      if (connection.greeting.size() < sizeof(Hello)) return;
      connection.hello = Hello::read(connection.greeting.data());
      connection.greeted = true;
      connection.request_rest = connection.hello.request_bytes;
      size = connection.greeting.size();
      connection.greeting = {};
    }
    if (connection.hello.kind != Hello::Kind::kRequests) return;
    while (size >= connection.request_rest) {
      size -= connection.request_rest;
      connection.request_rest = connection.hello.request_bytes;
      owe(connection, connection.hello.response_bytes);
    }
    connection.request_rest -= size;
  }

  void owe(Connection& connection, std::size_t bytes) {
    if (delay_ == delay_.zero()) {
      connection.owed += bytes;
    } else {
      late_.push_back({Clock::now() + delay_, connection.fd.get(), connection.serial, bytes});
    }
  }

  bool write(Connection& connection) {
    if (!connection.greeted || connection.hello.kind == Hello::Kind::kUpload) return true;
    const bool endless = connection.hello.kind != Hello::Kind::kRequests;
    // As much as others can wait for.
    std::size_t sent_now = 0;
    bool full = false;
    while (!full && (endless ? sent_now < 4 * zeros_.size() : connection.owed > 0)) {
      const std::size_t size = endless ? zeros_.size() : std::min(connection.owed, zeros_.size());
      const ssize_t sent = ::send(connection.fd.get(), zeros_.data(), size, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return false;
      full = sent < 0;
      sent_now += full ? 0 : static_cast<std::size_t>(sent);
      if (!endless && !full) connection.owed -= static_cast<std::size_t>(sent);
    }
    const bool waits = full || endless;
    if (waits != connection.waits_for_room) {
      connection.waits_for_room = waits;
      const int number = connection.fd.get();
      events_.modify(number, waits ? EPOLLIN | EPOLLOUT : EPOLLIN, static_cast<std::uint64_t>(number));
    }
    return true;
  }

  Events events_;
  proxy::UniqueFd listener_;
  proxy::UniqueFd datagrams_;
  std::chrono::milliseconds delay_;
  std::unordered_map<int, Connection> connections_;
  std::uint64_t accepted_ = 0;
  std::deque<Late> late_;
  std::vector<char> buffer_;
  std::vector<char> zeros_;
};

}  // namespace

void serve(const sockaddr_in& address, std::chrono::milliseconds delay, std::size_t buffer) {
  Server server(address, delay, buffer);
  std::puts("serving");
  std::fflush(stdout);
  server.run();
}

}  // namespace ferry::bench
