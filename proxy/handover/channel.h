#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/handover/message.h"

namespace ferry::proxy {

/// For each message of a process that has nothing to wait for.
constexpr std::chrono::seconds kMessagePatience{10};
/// What Asio's operations in coroutines of this folder give: the error code first.
constexpr auto kErrorFirst = boost::asio::as_tuple(boost::asio::use_awaitable);

/// A conversation of messages with another process on this host, for coroutines of one thread. It must outlive them.
class Channel {
 public:
  Channel(const boost::asio::any_io_executor& executor, UniqueFd socket);

  /// False once the other side is gone, or did not take it within `patience`.
  boost::asio::awaitable<bool> send(nlohmann::json body, std::vector<int> descriptors,
                                    std::chrono::milliseconds patience);
  /// The next message; none when none comes within `patience`, or ever will.
  boost::asio::awaitable<std::optional<Message>> receive(std::chrono::milliseconds patience);

  /// Why the last send() or receive() brought nothing: a sentence for the log.
  const std::string& error() const { return error_; }

  /// Whoever waits here is told that nothing came.
  void close();

 private:
  boost::asio::awaitable<bool> ready(boost::asio::posix::stream_descriptor::wait_type what,
                                     std::chrono::steady_clock::time_point until);

  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer timer_;
  /// Counts the waits, so that the end of one does not end the next.
  unsigned waits_ = 0;
  std::string error_;
};

}  // namespace ferry::proxy
