#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include <boost/asio/ip/tcp.hpp>

namespace ferry::testing {

/// What became of one connection to an EchoServer.
struct Call {
  /// Who answered; empty when the call failed.
  std::string name;
  /// What went wrong; empty when nothing did.
  std::string error;
  /// From connecting to the greeting's end.
  std::chrono::milliseconds greeted_after{0};

  bool ok() const { return error.empty(); }
};

/// One connection that was made and is open: greeted by `name()`.
class EchoConnection {
 public:
  /// Connects and reads the greeting. Each step may take `patience`.
  explicit EchoConnection(const boost::asio::ip::tcp::endpoint& target,
                          std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~EchoConnection();
  EchoConnection(const EchoConnection&) = delete;
  EchoConnection& operator=(const EchoConnection&) = delete;

  /// Who greeted; empty when it failed.
  const std::string& name() const { return name_; }
  const std::string& error() const { return error_; }

  /// Sends a line and expects it back. False when that failed; error() says how.
  bool echo(const std::string& line);
  /// Says that nothing more will be sent, and expects the other side to close without a further byte.
  bool finish();
  /// Waits for what comes next, which is to be the connection's end, and says how it ends: "closed", or "read: " and
  /// the error.
  std::string wait_for_end();

 private:
  bool read_line(std::string& line);
  bool fail(const std::string& what);

  int fd_ = -1;
  std::string pending_;
  std::string name_;
  std::string error_;
};

/// A whole call: connect, be greeted, echo one line, half-close, and see the other side close.
Call call(const boost::asio::ip::tcp::endpoint& target, std::chrono::milliseconds patience = std::chrono::seconds(5));

/// What became of many calls.
struct Tally {
  std::map<std::string, std::size_t> answers;
  std::size_t failed = 0;
  /// The first few errors, with how often each was met.
  std::map<std::string, std::size_t> errors;
  /// Of those that were answered, how many were greeted only after more than kSlow.
  std::size_t slow = 0;
  std::chrono::milliseconds slowest{0};

  static constexpr std::chrono::milliseconds kSlow{300};

  void add(const Call& call);
  std::size_t succeeded() const;
  /// "1000 connections, 0 failed; a 500, b 500"
  std::string to_string() const;
};

/// What comes of doing it `count` times, one after the other.
Tally repeat(std::size_t count, const std::function<Call()>& once);

/// `count` calls, one after the other.
Tally call_times(const boost::asio::ip::tcp::endpoint& target, std::size_t count);

}  // namespace ferry::testing
