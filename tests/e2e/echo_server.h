#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace ferry::testing {

/// A backend that tells who it is: it greets each connection with "NAME\n", sends back what it reads, and closes when
/// the client has said all it had to say. Runs on a thread of its own.
class EchoServer {
 public:
  /// Listens at `endpoint` (port 0: any free one). Throws boost::system::system_error when it cannot.
  EchoServer(std::string name, const boost::asio::ip::tcp::endpoint& endpoint);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  const std::string& name() const { return name_; }
  boost::asio::ip::tcp::endpoint endpoint() const { return endpoint_; }

  /// The address from which the last connection came; empty: none did.
  std::string last_client() const;

  /// Goes away as a killed process does: the listener is closed, and so is every connection.
  void stop();

 private:
  void accept();

  std::string name_;
  mutable std::mutex mutex_;
  std::string last_client_;
  /// Absent once stopped: a loop's end closes the sockets that wait in it.
  std::optional<boost::asio::io_context> loop_;
  std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
  boost::asio::ip::tcp::endpoint endpoint_;
  std::thread thread_;
};

}  // namespace ferry::testing
