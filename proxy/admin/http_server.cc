#include "proxy/admin/http_server.h"

#include <cstring>
#include <exception>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ferry::proxy {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
/// How long accepting rests after the system had no descriptor to give.
constexpr std::chrono::milliseconds kAcceptBackOff{100};

using StreamProtocol = asio::generic::stream_protocol;
using StreamSocket = beast::basic_stream<StreamProtocol>;
using HttpRequest = http::request<http::string_body>;
using HttpResponse = http::response<http::string_body>;

HttpResponse to_http(const HttpRequest& request, Response page) {
  HttpResponse answer{static_cast<http::status>(page.status), request.version()};
  answer.set(http::field::content_type, page.content_type);
  answer.set("X-Content-Type-Options", "nosniff");
  answer.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : page.headers) answer.set(name, value);
  answer.keep_alive(request.keep_alive());
  answer.content_length(page.body.size());
  if (request.method() != http::verb::head) answer.body() = std::move(page.body);
  return answer;
}

Response sentence(unsigned status, const std::string& text) {
  return {.status = status, .content_type = "application/json", .body = "{\"error\": \"" + text + "\"}\n"};
}

Response not_allowed(bool may_write) {
  if (may_write) {
    return {
        .status = 405, .body = "only GET, HEAD and PUT are answered here\n", .headers = {{"Allow", "GET, HEAD, PUT"}}};
  }
  return {.status = 405, .body = "only GET and HEAD are answered here\n", .headers = {{"Allow", "GET, HEAD"}}};
}

/// What a handler answers, whenever it does so and on whatever thread; belongs to the loop.
struct Answer {
  explicit Answer(asio::io_context& io) : loop(io), timer(io) {}

  asio::io_context& loop;
  asio::steady_timer timer;
  std::optional<Response> response;
};

Routes::Reply reply_to(const std::shared_ptr<Answer>& answer) {
  return [weak = std::weak_ptr(answer), &loop = answer->loop](Response response) {
    asio::post(loop, [weak, response = std::move(response)]() mutable {
      const std::shared_ptr<Answer> waiting = weak.lock();
      if (!waiting || waiting->response) return;
      waiting->response = std::move(response);
      waiting->timer.cancel();
    });
  };
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
  using Stream = std::shared_ptr<StreamSocket>;

  State(asio::io_context& io, Routes pages, HttpLimits bounds)
      : loop(io), routes(std::move(pages)), limits(bounds), acceptor(io), rest(io) {}

  asio::io_context& loop;
  Routes routes;
  HttpLimits limits;
  asio::basic_socket_acceptor<StreamProtocol> acceptor;
  asio::steady_timer rest;
  /// In the order they were opened; those that stream events are elsewhere.
  std::list<Stream> open;
  std::list<Stream> streaming;
  /// That a conversation waits for.
  std::set<asio::steady_timer*> waits;
  bool stopped = false;

  asio::awaitable<void> accept_all();
  asio::awaitable<void> converse(Stream stream);
  asio::awaitable<bool> answer_one(const Stream& stream, beast::flat_buffer& buffer);
  asio::awaitable<bool> answer_request(const Stream& stream, const HttpRequest& request);
  asio::awaitable<Response> response_to(const Routes::Handler& handler, const Request& request);
  asio::awaitable<void> send_events(const Stream& stream, const Routes::Route& route, const Request& request);
  asio::awaitable<void> wait(asio::steady_timer& timer);
  void listen(const StreamProtocol::endpoint& address, UniqueFd inherited);
  void take(StreamProtocol::socket socket);
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

void HttpServer::State::take(StreamProtocol::socket socket) {
  if (open.size() >= limits.max_connections) {
    open.front()->close();
    open.pop_front();
  }
  auto stream = std::make_shared<StreamSocket>(std::move(socket));
  open.push_back(stream);
  auto forget = [self = shared_from_this(), stream](const std::exception_ptr&) {
    self->open.remove(stream);
    self->streaming.remove(stream);
  };
  asio::co_spawn(loop, converse(stream), std::move(forget));
}

asio::awaitable<void> HttpServer::State::converse(Stream stream) {
  beast::flat_buffer buffer{limits.max_header_bytes + limits.max_body_bytes};
  bool more = true;
  while (more && stream->socket().is_open()) {
    if (buffer.size() == 0) {
      stream->expires_after(limits.idle_time);
      auto [error, bytes] = co_await stream->async_read_some(buffer.prepare(limits.max_header_bytes), kToken);
      if (error) break;
      buffer.commit(bytes);
    }
    more = co_await answer_one(stream, buffer);
  }
  beast::error_code ignored;
  stream->socket().shutdown(StreamProtocol::socket::shutdown_send, ignored);
  stream->close();
}

/// True: another request may follow.
asio::awaitable<bool> HttpServer::State::answer_one(const Stream& stream, beast::flat_buffer& buffer) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(limits.max_header_bytes);
  parser.body_limit(limits.max_body_bytes);
  stream->expires_after(limits.transfer_time);
  auto [read_error, read_bytes] = co_await http::async_read(*stream, buffer, parser, kToken);
  if (!read_error) {
    const bool more = co_await answer_request(stream, parser.get());
    co_return more;
  }
  const unsigned status = status_of(read_error);
  if (status == 0) co_return false;
  HttpResponse refusal{static_cast<http::status>(status), 11};
  refusal.keep_alive(false);
  refusal.prepare_payload();
  stream->expires_after(limits.transfer_time);
  co_await http::async_write(*stream, refusal, kToken);
  co_return false;
}

asio::awaitable<bool> HttpServer::State::answer_request(const Stream& stream, const HttpRequest& request) {
  Request asked = Request::parse(request.target());
  const Routes::Route* const route = routes.find(asked.path);
  const bool writes = request.method() == http::verb::put && route != nullptr && route->write;
  Response page;
  if (request.method() != http::verb::get && request.method() != http::verb::head && !writes) {
    page = not_allowed(route != nullptr && route->write);
  } else if (route == nullptr) {
    page = routes.missing();
  } else if (!routes.admits(*route, request[http::field::host])) {
    page = sentence(403, "the Host of this request is neither an address, localhost nor the name of the node");
  } else if (route->interval && streaming.size() >= limits.max_streams) {
    page = sentence(503, "too many streams are open here");
  } else if (route->interval && request.method() == http::verb::get) {
    co_await send_events(stream, *route, asked);
    co_return false;
  } else {
    if (writes) asked.body = request.body();
    page = co_await response_to(writes ? route->write : route->handler, asked);
  }
  HttpResponse answer = to_http(request, std::move(page));
  stream->expires_after(limits.transfer_time);
  auto [error, written] = co_await http::async_write(*stream, answer, kToken);
  co_return !error && answer.keep_alive();
}

asio::awaitable<Response> HttpServer::State::response_to(const Routes::Handler& handler, const Request& request) {
  const auto answer = std::make_shared<Answer>(loop);
  answer->timer.expires_after(limits.answer_time);
  handler(request, reply_to(answer));
  co_await wait(answer->timer);
  if (!answer->response) co_return sentence(503, "too busy to answer in time");
  co_return std::move(*answer->response);
}

asio::awaitable<void> HttpServer::State::wait(asio::steady_timer& timer) {
  if (stopped) co_return;
  waits.insert(&timer);
  co_await timer.async_wait(kToken);
  waits.erase(&timer);
}

asio::awaitable<void> HttpServer::State::send_events(const Stream& stream, const Routes::Route& route,
                                                     const Request& request) {
  open.remove(stream);
  streaming.push_back(stream);
  std::string text =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
  asio::steady_timer pause(loop);
  for (;;) {
    const Response event = co_await response_to(route.handler, request);
    text += event.body;
    stream->expires_after(limits.transfer_time);
    auto [error, written] = co_await asio::async_write(*stream, asio::buffer(text), kToken);
    if (error) co_return;
    text.clear();
    pause.expires_after(*route.interval);
    co_await wait(pause);
    if (stopped || !stream->socket().is_open()) co_return;
  }
}

void HttpServer::State::stop() {
  beast::error_code ignored;
  acceptor.close(ignored);
  rest.cancel();
  for (const Stream& stream : open) stream->close();
  for (const Stream& stream : streaming) stream->close();
  stopped = true;
  for (asio::steady_timer* const timer : waits) timer->cancel();
}

void HttpServer::State::listen(const StreamProtocol::endpoint& address, UniqueFd inherited) {
  if (inherited) {
    acceptor.assign(address.protocol(), inherited.release());
  } else {
    acceptor.open(address.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(address);
    acceptor.listen();
  }
  // The coroutine's frame holds no reference of its own to the state, so the completion handler does.
  asio::co_spawn(loop, accept_all(), [keep = shared_from_this()](const std::exception_ptr&) {});
}

HttpServer::HttpServer(asio::io_context& loop, Routes routes, HttpLimits limits)
    : state_(std::make_shared<State>(loop, std::move(routes), limits)) {}

HttpServer::~HttpServer() {
  stop();
  if (!path_.empty()) ::unlink(path_.c_str());
}

void HttpServer::listen(const tcp::endpoint& address, UniqueFd inherited) {
  state_->listen(address, std::move(inherited));
}

void HttpServer::listen(const std::string& path, UniqueFd inherited) {
  using Local = asio::local::stream_protocol;
  const Local::endpoint endpoint(path);
  if (inherited) {
    state_->listen(endpoint, std::move(inherited));
    path_ = path;
    return;
  }
  boost::system::error_code refused;
  Local::socket(state_->loop).connect(endpoint, refused);
  if (!refused) throw boost::system::system_error(asio::error::address_in_use);
  if (refused == asio::error::connection_refused) ::unlink(path.c_str());
  const mode_t former = ::umask(S_IXUSR | S_IRWXG | S_IRWXO);
  try {
    state_->listen(endpoint, {});
  } catch (const boost::system::system_error&) {
    ::umask(former);
    throw;
  }
  ::umask(former);
  path_ = path;
}

tcp::endpoint HttpServer::address() const {
  const StreamProtocol::endpoint local = state_->acceptor.local_endpoint();
  tcp::endpoint address;
  if (local.size() > address.capacity() || local.protocol().family() == AF_UNIX) return address;
  std::memcpy(address.data(), local.data(), local.size());
  address.resize(local.size());
  return address;
}

void HttpServer::stop() { state_->stop(); }

UniqueFd HttpServer::copy_listener() const {
  return state_->acceptor.is_open() ? duplicate(state_->acceptor.native_handle()) : UniqueFd();
}

void HttpServer::leave() {
  path_.clear();
  stop();
}

std::size_t HttpServer::connections() const { return state_->open.size() + state_->streaming.size(); }

}  // namespace ferry::proxy
