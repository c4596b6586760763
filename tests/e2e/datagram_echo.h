#pragma once

#include <cstddef>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include "tests/e2e/echo_client.h"

namespace ferry::testing {

/// A backend for UDP that tells who it is: it answers each datagram with "NAME " and the same. Runs on a thread of its
/// own.
class DatagramEcho {
 public:
  /// Throws boost::system::system_error when it cannot listen at `endpoint` (port 0: any free one).
  DatagramEcho(std::string name, const boost::asio::ip::udp::endpoint& endpoint);
  ~DatagramEcho();
  DatagramEcho(const DatagramEcho&) = delete;
  DatagramEcho& operator=(const DatagramEcho&) = delete;

  boost::asio::ip::udp::endpoint endpoint() const { return socket_.local_endpoint(); }

 private:
  void answer_next();

  std::string name_;
  boost::asio::io_context loop_{1};
  boost::asio::ip::udp::socket socket_;
  boost::asio::ip::udp::endpoint client_;
  std::string buffer_;
  std::thread thread_;
};

/// One question from a socket of its own, and who answered. Waits two seconds.
Call ask(const boost::asio::ip::udp::endpoint& target);

/// `count` questions, one after the other.
Tally ask_times(const boost::asio::ip::udp::endpoint& target, std::size_t count);

}  // namespace ferry::testing
