#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/relay/socket_address.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy::testing {

/// A UDP socket of a test, used blocking. Nothing blocks longer than ten seconds.
class TestDatagrams {
 public:
  /// Bound there. Throws std::system_error.
  explicit TestDatagrams(const std::string& address = "127.0.0.1", std::uint16_t port = 0);

  const Peer& self() const { return self_; }

  /// Talks to that one alone from now on, and learns when nobody is there.
  void connect(const Peer& peer) const;

  void send(std::string_view bytes, const Peer& to) const;
  /// The next datagram, and who sent it. Throws std::system_error: ECONNREFUSED for one of ours that nobody wanted,
  /// EAGAIN when none comes.
  struct Received {
    std::string bytes;
    Peer from;
  };
  Received receive() const;
  bool pending() const;
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  Peer self_;
};

}  // namespace ferry::proxy::testing
