#include "tests/apiserver/http_session.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <spdlog/spdlog.h>

#include "tests/apiserver/await.h"
#include "tests/apiserver/response_text.h"

namespace ferry::apiserver {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::uint64_t kBodyLimit = 16 * 1024 * 1024;
constexpr std::uint32_t kHeaderLimit = 64 * 1024;

Request request_from(http::request<http::string_body> message) {
  Request request;
  request.method = std::string(message.method_string());
  request.set_target(std::string(message.target()));
  request.accept = std::string(message[http::field::accept]);
  request.accept_encoding = std::string(message[http::field::accept_encoding]);
  request.authorization = std::string(message[http::field::authorization]);
  request.content_type = std::string(message[http::field::content_type]);
  request.user_agent = std::string(message[http::field::user_agent]);
  request.body = std::move(message.body());
  return request;
}

Response fault_response(const Request& request, const Fault& fault) {
  Status status;
  status.code = fault.code;
  status.message = "a fault was asked for";
  status.retry_after = fault.retry_after;
  if (fault.code == 410) status.reason = "Expired";
  if (fault.code == 429) status.reason = "TooManyRequests";
  if (fault.code == 500) status.reason = "InternalError";
  if (fault.code == 503) status.reason = "ServiceUnavailable";
  if (fault.code == 504) status.reason = "Timeout";
  return status_response(request, status);
}

Response error_event_response(const Request& request, const Fault& fault) {
  Response response;
  const auto status = Json::parse(fault_response(request, fault).body);
  response.body = event_line("ERROR", status.dump());
  return response;
}

}  // namespace

HttpSession::HttpSession(Context& context, const Auth& auth, std::unique_ptr<Wire> wire, OnAnswer on_answer)
    : context_(context),
      auth_(auth),
      wire_(std::move(wire)),
      on_answer_(std::move(on_answer)),
      timer_(context.executor) {}

asio::awaitable<void> HttpSession::run() {
  error_code ignored;
  wire_->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  while (!closed_ && keep_alive_) {
    auto request = co_await read_request();
    if (!request) break;
    const bool goes_on = co_await serve(std::move(*request));
    if (!goes_on) break;
  }
  if (!closed_) co_await wire_->finish();
  close(false);
}

asio::awaitable<std::optional<Request>> HttpSession::read_request() {
  http::request_parser<http::string_body> parser;
  parser.header_limit(kHeaderLimit);
  parser.body_limit(kBodyLimit);
  parser.eager(true);
  bool continued = false;
  while (!parser.is_done()) {
    error_code error;
    if (buffer_.size() > 0) {
      buffer_.consume(parser.put(buffer_.data(), error));
      if (error && error != http::error::need_more) {
        co_await send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        co_return std::nullopt;
      }
      if (parser.is_done()) break;
    }
    if (parser.is_header_done() && !continued && parser.get()[http::field::expect] == "100-continue") {
      continued = true;
      co_await send("HTTP/1.1 100 Continue\r\n\r\n");
    }
    const auto space = buffer_.prepare(kReadSize);
    const auto [failure, size] = co_await wire_->read_some(space);
    if (failure) co_return std::nullopt;
    buffer_.commit(size);
  }
  if (!parser.keep_alive()) keep_alive_ = false;
  co_return request_from(parser.release());
}

asio::awaitable<bool> HttpSession::serve(Request request) {
  const auto call = understand(context_, request);
  RequestRecord record{request.method, request.target, call.verb, 0};
  std::optional<Fault> fault;
  if (request.path != "/_faults") {
    fault = context_.faults.strike(Faults::Moment::kRequest, call.verb, request.target);
  }
  if (fault && fault->action == Fault::Action::kDelay) {
    co_await pause(fault->delay);
    fault.reset();
  }
  if (closed_) co_return false;
  Response response;
  if (fault && fault->action == Fault::Action::kError) {
    response = fault_response(request, *fault);
    fault.reset();
  } else if (fault && fault->action == Fault::Action::kErrorEvent) {
    response = error_event_response(request, *fault);
    fault.reset();
  } else {
    response = answer(context_, auth_, call, request);
  }
  record.status = response.status;
  spdlog::debug("{} {} {}", record.status, record.method, record.target);
  on_answer_(record);

  const auto watch = response.watch;
  if (fault && fault->action == Fault::Action::kGarbage) response.body = fault->text;
  auto text = response_text(request, std::move(response), context_.options.release, keep_alive_);
  if (fault) co_return co_await send_struck(*fault, std::move(text));
  const bool sent = co_await send(std::move(text));
  if (!sent || !watch) co_return sent;
  co_return co_await stream(request, watch);
}

asio::awaitable<bool> HttpSession::send_struck(Fault fault, std::string text) {
  switch (fault.action) {
    case Fault::Action::kReset:
      close(true);
      co_return false;
    case Fault::Action::kCut:
      co_await send(text.substr(0, text.size() / 2));
      close(false);
      co_return false;
    case Fault::Action::kSilence:
      co_await keep_silent();
      co_return false;
    case Fault::Action::kSlow:
      co_await send_slowly(std::move(text), fault);
      co_return !closed_;
    default:
      co_return co_await send(std::move(text));
  }
}

asio::awaitable<bool> HttpSession::stream(const Request& request, std::shared_ptr<Watch> watch) {
  watch_ = watch;
  watch_target_ = request.target;
  withholds_ = false;
  notice_when_peer_leaves();
  bool goes_on = true;
  while (goes_on && !closed_) {
    const auto line = co_await watch->next();
    if (!line) break;
    goes_on = co_await send_line(request, *line);
  }
  watch_.reset();
  if (closed_ || !goes_on) co_return false;
  error_code ignored;
  wire_->socket().cancel(ignored);
  co_return co_await send(std::string(kLastChunk));
}

asio::awaitable<bool> HttpSession::send_line(const Request& request, const Watch::Line& line) {
  if (line.text.empty()) co_return true;
  const auto moment = line.kind == Watch::Line::Kind::kBookmark ? Faults::Moment::kBookmark : Faults::Moment::kEvent;
  const auto fault = context_.faults.strike(moment, "watch", request.target);
  if (!fault) co_return co_await send(chunk(line.text));
  switch (fault->action) {
    case Fault::Action::kNoBookmarks:
      withholds_ = true;
      co_return true;
    case Fault::Action::kCut: {
      const auto whole = chunk(line.text);
      co_await send(whole.substr(0, whole.size() / 2));
      close(false);
      co_return false;
    }
    case Fault::Action::kSilence:
      co_await keep_silent();
      co_return false;
    case Fault::Action::kSlow:
      co_await send_slowly(chunk(line.text), *fault);
      co_return !closed_;
    default:
      co_return co_await send(chunk(fault->text) + chunk(line.text));
  }
}

asio::awaitable<bool> HttpSession::send(std::string text) {
  const auto error = co_await wire_->write(asio::buffer(text));
  co_return !error && !closed_;
}

asio::awaitable<void> HttpSession::send_slowly(std::string text, Fault fault) {
  for (std::size_t at = 0; at < text.size() && !closed_; at += fault.bytes) {
    const bool sent = co_await send(text.substr(at, fault.bytes));
    if (!sent) co_return;
    co_await pause(fault.delay);
  }
}

asio::awaitable<void> HttpSession::pause(std::chrono::milliseconds time) {
  if (closed_) co_return;
  timer_.expires_after(time);
  co_await timer_.async_wait(kAwait);
}

asio::awaitable<void> HttpSession::keep_silent() {
  if (closed_) co_return;
  silent_ = true;
  if (watch_ == nullptr) notice_when_peer_leaves();
  timer_.expires_at(std::chrono::steady_clock::time_point::max());
  co_await timer_.async_wait(kAwait);
}

void HttpSession::notice_when_peer_leaves() {
  wire_->socket().async_wait(asio::ip::tcp::socket::wait_read,
                             [self = shared_from_this()](const error_code& error) { self->on_readable(error); });
}

void HttpSession::on_readable(const error_code& error) {
  if (error || closed_) return;
  // Bytes of a next request are none of this moment's business; no bytes are the end.
  char byte = 0;
  error_code failure;
  const auto size = wire_->socket().receive(asio::buffer(&byte, 1), asio::ip::tcp::socket::message_peek, failure);
  if (size == 0 || failure) close(false);
}

void HttpSession::close(bool reset) {
  if (closed_) return;
  closed_ = true;
  error_code ignored;
  auto& socket = wire_->socket();
  if (reset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
  timer_.cancel();
  if (watch_) watch_->end();
}

void HttpSession::drain() {
  keep_alive_ = false;
  if (watch_) {
    watch_->end();
  } else if (buffer_.size() == 0) {
    // Between requests there is nothing to finish; a read that waits ends here.
    error_code ignored;
    wire_->socket().shutdown(asio::ip::tcp::socket::shutdown_receive, ignored);
  }
}

void HttpSession::strike(const Fault& fault) {
  if (!watch_ || !matches(fault, "watch", watch_target_)) return;
  if (fault.action == Fault::Action::kReset || silent_) {
    close(fault.action == Fault::Action::kReset);
  } else {
    watch_->end();
  }
}

}  // namespace ferry::apiserver
