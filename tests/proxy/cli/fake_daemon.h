#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "tests/proxy/cli/fake_api.h"

namespace ferry::testing {

/// An administration socket with answers that a test gives, served by a thread of its own from construction to
/// destruction. It records what it was asked.
class FakeDaemon {
 public:
  /// Of the target of a request.
  using Respond = std::function<FakeAnswer(const std::string& target)>;

  /// Listens at `path`, in place of whatever is there; `respond` is called by its thread.
  FakeDaemon(const std::string& path, Respond respond);
  ~FakeDaemon();
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  std::vector<std::string> targets() const;

  /// As an answer's status: bytes that are no HTTP, silence, or a hang-up in place of an answer.
  static constexpr unsigned kNoHttp = 1;
  static constexpr unsigned kSilence = 2;
  static constexpr unsigned kHangUp = 3;

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::local::stream_protocol::socket socket);

  Respond respond_;
  mutable std::mutex mutex_;
  std::vector<std::string> targets_;
  boost::asio::io_context loop_{1};
  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::thread thread_;
};

}  // namespace ferry::testing
