#pragma once

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "tests/apiserver/server.h"

namespace ferry::testing {

/// A mock API server on a thread of its own, for tests that talk to it over a socket. What touches the server or its
/// storage goes through `on_loop`.
class ServerThread {
 public:
  explicit ServerThread(apiserver::Options options = {}) : guard_(loop_.get_executor()) {
    server_ = std::make_unique<apiserver::Server>(loop_, std::move(options));
    server_->start();
    address_ = server_->address();
    url_ = server_->url();
    thread_ = std::thread([this] { loop_.run(); });
  }

  ~ServerThread() {
    on_loop([this](apiserver::Server& server) {
      server.stop();
      guard_.reset();
    });
    thread_.join();
  }

  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  /// Runs `call(server)` on the server's thread and returns what it returns.
  template <class Call>
  std::invoke_result_t<Call, apiserver::Server&> on_loop(Call call) {
    std::packaged_task<std::invoke_result_t<Call, apiserver::Server&>()> task([&] { return call(*server_); });
    auto result = task.get_future();
    boost::asio::post(loop_, [&task] { task(); });
    return result.get();
  }

  /// Stops the server and starts another on the same port.
  void restart(apiserver::Options options) {
    on_loop([&](apiserver::Server& server) {
      server.stop();
      options.listen = address_;
      server_ = std::make_unique<apiserver::Server>(loop_, std::move(options));
      server_->start();
    });
  }

  [[nodiscard]] const std::string& url() const { return url_; }
  /// "127.0.0.1:PORT"
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::unique_ptr<apiserver::Server> server_;
  std::string address_;
  std::string url_;
  std::thread thread_;
};

}  // namespace ferry::testing
