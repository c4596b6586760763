#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "config/ip_address.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy::testing {

/// One end of a TCP connection, used blocking from a test. Nothing blocks longer than ten seconds.
class TestSocket {
 public:
  TestSocket() = default;
  explicit TestSocket(UniqueFd fd);

  /// `from`: the client's own address; empty: the kernel's choice. Throws std::system_error when the connection cannot
  /// be made.
  static TestSocket connect(const std::string& address, std::uint16_t port, const std::string& from = {});

  int fd() const { return fd_.get(); }

  /// False when the peer is gone.
  bool send(std::string_view bytes) const;
  /// Reads exactly that many; fewer when the stream ends before.
  std::string receive(std::size_t size) const;
  /// Reads to the end of the stream.
  std::string receive_rest() const;
  /// The next read says that the peer has finished.
  bool at_end() const;
  /// The next read or the one after the data says that the connection was reset.
  bool was_reset() const;
  /// The connection has an error pending, now or soon.
  bool has_error() const;
  /// Bytes can be read, or the stream has ended, without waiting.
  bool readable_now() const;

  void shutdown_write() const;
  /// Closes with a reset.
  void reset();
  void close() { fd_.reset(); }

  std::uint16_t peer_port() const;
  config::IpAddress own_address() const;
  std::uint16_t own_port() const;

 private:
  UniqueFd fd_;
};

/// A listening socket of a test. Closed, its port refuses.
class TestListener {
 public:
  explicit TestListener(const std::string& address = "127.0.0.1", std::uint16_t port = 0, int backlog = 1024);

  std::uint16_t port() const { return port_; }
  const config::IpAddress& address() const { return address_; }
  int fd() const { return fd_.get(); }
  TestSocket accept() const;
  bool pending() const;
  void close() { fd_.reset(); }

 private:
  config::IpAddress address_;
  std::uint16_t port_ = 0;
  UniqueFd fd_;
};

/// A port that nobody uses at the address now.
std::uint16_t free_port(const std::string& address);

/// Two connected TCP sockets.
std::pair<TestSocket, TestSocket> connected_pair();

/// The errno of connecting; 0 when it succeeds.
int connect_error(const std::string& address, std::uint16_t port);

/// True when whoever has the address answers nothing at all to a client from `from`: neither yes nor no.
bool is_ignored(const std::string& address, std::uint16_t port, const std::string& from = {});

/// The descriptors this process has open.
std::size_t open_descriptors();

}  // namespace ferry::proxy::testing
