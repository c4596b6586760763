#pragma once

#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace ferry::testing {

/// Asks for /page, and for nothing more on this connection.
inline constexpr const char* kGetPage = "GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// A client's end of one connection, in bytes, blocking. The server must run on another thread.
class RawClient {
 public:
  explicit RawClient(const boost::asio::ip::tcp::endpoint& server) : socket_(loop_) { socket_.connect(server); }

  void send(const std::string& bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  void finish_sending() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }

  /// Everything until the server closes; a reset counts as a close.
  std::string read_to_end() {
    std::string text;
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(text), error);
    return text;
  }

  /// Everything until `end` was seen, or the server closes.
  std::string read_until(const std::string& end) {
    std::string text;
    char byte = 0;
    boost::system::error_code error;
    while (!text.ends_with(end) && boost::asio::read(socket_, boost::asio::buffer(&byte, 1), error) == 1) text += byte;
    return text;
  }

 private:
  boost::asio::io_context loop_;
  boost::asio::ip::tcp::socket socket_;
};

/// Sends `bytes` on a connection of its own and returns all that comes back until the server closes.
inline std::string ask(const boost::asio::ip::tcp::endpoint& server, const std::string& bytes) {
  RawClient client(server);
  client.send(bytes);
  return client.read_to_end();
}

}  // namespace ferry::testing
