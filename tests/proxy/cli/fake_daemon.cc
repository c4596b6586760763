#include "tests/proxy/cli/fake_daemon.h"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <unistd.h>

#include "proxy/cli/http_conversation.h"

namespace ferry::testing {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::local::stream_protocol;
using cli::kAsTuple;

stream_protocol::endpoint fresh(const std::string& path) {
  unlink(path.c_str());
  return {path};
}

/// What ends one connection alone: all that is served on it is within the loop, which ends with the object.
void ignore(const std::exception_ptr&) {}

}  // namespace

FakeDaemon::FakeDaemon(const std::string& path, Respond respond)
    : respond_(std::move(respond)), acceptor_(loop_, fresh(path)) {
  asio::co_spawn(loop_, accept(), ignore);
  thread_ = std::thread([this] { loop_.run(); });
}

FakeDaemon::~FakeDaemon() {
  loop_.stop();
  thread_.join();
}

std::vector<std::string> FakeDaemon::targets() const {
  const std::lock_guard lock(mutex_);
  return targets_;
}

asio::awaitable<void> FakeDaemon::accept() {
  while (true) {
    auto [error, socket] = co_await acceptor_.async_accept(kAsTuple);
    if (error) co_return;
    asio::co_spawn(loop_, serve(std::move(socket)), ignore);
  }
}

asio::awaitable<void> FakeDaemon::serve(stream_protocol::socket socket) {
  boost::beast::flat_buffer buffer;
  http::request<http::empty_body> request;
  const auto [unread, received] = co_await http::async_read(socket, buffer, request, kAsTuple);
  if (unread) co_return;
  const std::string target(request.target());
  {
    const std::lock_guard lock(mutex_);
    targets_.push_back(target);
  }
  const FakeAnswer answer = respond_(target);
  if (answer.status == kHangUp) co_return;
  if (answer.status == kSilence) {
    char byte = 0;
    co_await socket.async_read_some(asio::buffer(&byte, 1), kAsTuple);
    co_return;
  }
  if (answer.status == kNoHttp) {
    co_await asio::async_write(socket, asio::buffer(answer.body), kAsTuple);
    co_return;
  }
  http::response<http::string_body> response;
  response.result(answer.status);
  response.set(http::field::content_type, "application/json");
  response.body() = answer.body;
  response.prepare_payload();
  co_await http::async_write(socket, response, kAsTuple);
}

}  // namespace ferry::testing
