#include "proxy/admin/http_server.h"

#include <exception>
#include <list>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace ferry::proxy {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
/// How long accepting rests after the system had no descriptor to give.
constexpr std::chrono::milliseconds kAcceptBackOff{100};

http::response<http::string_body> to_http(const http::request<http::string_body>& request, const Routes& routes) {
  const bool readable = request.method() == http::verb::get || request.method() == http::verb::head;
  Response page = readable ? routes.answer(request.target())
                           : Response{.status = 405, .body = "only GET and HEAD are answered here\n"};
  http::response<http::string_body> answer{static_cast<http::status>(page.status), request.version()};
  answer.set(http::field::content_type, page.content_type);
  answer.set("X-Content-Type-Options", "nosniff");
  answer.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : page.headers) answer.set(name, value);
  if (!readable) answer.set(http::field::allow, "GET, HEAD");
  answer.keep_alive(request.keep_alive());
  answer.content_length(page.body.size());
  if (request.method() != http::verb::head) answer.body() = std::move(page.body);
  return answer;
}

/// The answer to what could not be read as a request; nothing for a peer that left or was too slow.
unsigned status_of(const beast::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  return error.category() == http::make_error_code(http::error::bad_method).category() ? 400 : 0;
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<State> {
  using Stream = std::shared_ptr<beast::tcp_stream>;

  State(asio::io_context& io, Routes pages, HttpLimits bounds)
      : loop(io), routes(std::move(pages)), limits(bounds), acceptor(io), rest(io) {}

  asio::io_context& loop;
  Routes routes;
  HttpLimits limits;
  tcp::acceptor acceptor;
  asio::steady_timer rest;
  /// In the order they were opened.
  std::list<Stream> open;

  asio::awaitable<void> accept_all();
  asio::awaitable<void> converse(Stream stream) const;
  asio::awaitable<bool> answer_one(beast::tcp_stream& stream, beast::flat_buffer& buffer) const;
  void take(tcp::socket socket);
  void stop();
};

asio::awaitable<void> HttpServer::State::accept_all() {
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(kToken);
    if (error == asio::error::operation_aborted) co_return;
    if (!error) {
      take(std::move(socket));
      continue;
    }
    rest.expires_after(kAcceptBackOff);
    co_await rest.async_wait(kToken);
  }
}

void HttpServer::State::take(tcp::socket socket) {
  if (open.size() >= limits.max_connections) {
    open.front()->close();
    open.pop_front();
  }
  auto stream = std::make_shared<beast::tcp_stream>(std::move(socket));
  open.push_back(stream);
  auto forget = [self = shared_from_this(), stream](const std::exception_ptr&) { self->open.remove(stream); };
  asio::co_spawn(loop, converse(stream), std::move(forget));
}

asio::awaitable<void> HttpServer::State::converse(Stream stream) const {
  beast::flat_buffer buffer{limits.max_header_bytes + limits.max_body_bytes};
  bool more = true;
  while (more && stream->socket().is_open()) {
    if (buffer.size() == 0) {
      stream->expires_after(limits.idle_time);
      auto [error, bytes] = co_await stream->async_read_some(buffer.prepare(limits.max_header_bytes), kToken);
      if (error) break;
      buffer.commit(bytes);
    }
    more = co_await answer_one(*stream, buffer);
  }
  beast::error_code ignored;
  stream->socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream->close();
}

/// True: another request may follow.
asio::awaitable<bool> HttpServer::State::answer_one(beast::tcp_stream& stream, beast::flat_buffer& buffer) const {
  http::request_parser<http::string_body> parser;
  parser.header_limit(limits.max_header_bytes);
  parser.body_limit(limits.max_body_bytes);
  stream.expires_after(limits.transfer_time);
  auto [read_error, read_bytes] = co_await http::async_read(stream, buffer, parser, kToken);

  http::response<http::string_body> answer;
  if (!read_error) {
    answer = to_http(parser.get(), routes);
  } else if (const unsigned status = status_of(read_error); status != 0) {
    answer = {static_cast<http::status>(status), 11};
    answer.keep_alive(false);
    answer.prepare_payload();
  } else {
    co_return false;
  }
  stream.expires_after(limits.transfer_time);
  auto [write_error, written] = co_await http::async_write(stream, answer, kToken);
  co_return !write_error && answer.keep_alive();
}

void HttpServer::State::stop() {
  beast::error_code ignored;
  acceptor.close(ignored);
  rest.cancel();
  for (const Stream& stream : open) stream->close();
}

HttpServer::HttpServer(asio::io_context& loop, Routes routes, HttpLimits limits)
    : state_(std::make_shared<State>(loop, std::move(routes), limits)) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::listen(const tcp::endpoint& address) {
  state_->acceptor.open(address.protocol());
  state_->acceptor.set_option(tcp::acceptor::reuse_address(true));
  state_->acceptor.bind(address);
  state_->acceptor.listen();
  // The coroutine's frame holds no reference of its own to the state, so the completion handler does.
  asio::co_spawn(state_->loop, state_->accept_all(), [keep = state_](const std::exception_ptr&) {});
}

tcp::endpoint HttpServer::address() const { return state_->acceptor.local_endpoint(); }

void HttpServer::stop() { state_->stop(); }

std::size_t HttpServer::connections() const { return state_->open.size(); }

}  // namespace ferry::proxy
