#include "watch/rest/rest_client.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/system/system_error.hpp>

#include "watch/codec/status.h"
#include "watch/rest/base64.h"
#include "watch/rest/connection_pool.h"
#include "watch/rest/exchange.h"
#include "watch/rest/secret_reader.h"

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t kMaxDocument = std::size_t{8} << 20U;
constexpr std::size_t kMaxErrorBody = std::size_t{64} << 10U;

/// A token ends up in a header: one with control characters would end the line.
bool is_header_text(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

/// Retry-After in seconds; as a date it is not read (the API server writes none).
std::optional<std::chrono::seconds> retry_after(const http::fields& head) {
  const auto field = head[http::field::retry_after];
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), seconds);
  if (error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  return std::min(std::chrono::seconds(seconds), ApiError::kLongestRetryAfter);
}

}  // namespace

class RestClient::Impl {
 public:
  Impl(asio::any_io_executor executor, ClientConfig config)
      : config_(std::move(config)),
        executor_(std::move(executor)),
        pool_(executor_, config_),
        token_(config_.token, config_.secret_check_interval) {}

  /// One request on one connection. `retry`: it failed on a kept connection that the server may have closed before the
  /// request reached it.
  /// Without a document to post it is a GET.
  asio::awaitable<Result<void>> attempt(const std::string& target, const std::string& document,
                                        const GetOptions& options, const OnBytes& on_bytes, bool fresh, bool& retry) {
    retry = false;
    const auto request = request_for(target, document, options.compressed);
    if (!request.has_value()) co_return request.error();
    auto acquired = co_await pool_.acquire(fresh);
    if (!acquired.has_value()) co_return acquired.error();
    ConnectionPool::Lease lease = std::move(acquired).value();
    Exchange exchange(*lease);
    auto asked = co_await exchange.ask(request.value(), config_.read_timeout);
    if (pool_.closed()) co_return ApiError::cancelled();
    if (!asked.has_value()) {
      retry = lease.reused() && !exchange.answered() && asked.error().kind == ApiError::Kind::kTransport;
      co_return asked;
    }
    if (exchange.head().result_int() / 100 != 2) co_return co_await read_refusal(lease, exchange);
    const Exchange::Silence& silence = options.read_timeout ? options.read_timeout : read_timeout_;
    auto read = co_await exchange.read_body(silence, on_bytes);
    if (exchange.is_reusable() && read.has_value()) lease.give_back();
    if (pool_.closed() && !read.has_value()) co_return ApiError::cancelled();
    co_return read;
  }

  void close() { pool_.close(); }

  const ClientConfig& config() const { return config_; }
  const asio::any_io_executor& executor() const { return executor_; }
  std::uint64_t connections_opened() const { return pool_.opened(); }

 private:
  /// An error that cannot be read to its end counts all the same, with what was read of it.
  asio::awaitable<ApiError> read_refusal(ConnectionPool::Lease& lease, Exchange& exchange) {
    std::string body;
    const OnBytes keep = [&body](std::string_view bytes) {
      body.append(bytes.substr(0, kMaxErrorBody - body.size()));
      return body.size() < kMaxErrorBody;
    };
    const auto read = co_await exchange.read_body(read_timeout_, keep);
    ApiError error = decode_status(static_cast<int>(exchange.head().result_int()), body);
    if (!error.retry_after) error.retry_after = retry_after(exchange.head());
    if (exchange.is_reusable() && read.has_value()) lease.give_back();
    if (pool_.closed()) co_return ApiError::cancelled();
    co_return error;
  }

  Result<Connection::Request> request_for(const std::string& target, const std::string& document, bool compressed) {
    const auto method = document.empty() ? http::verb::get : http::verb::post;
    Connection::Request request(method, config_.server.base_path + target, 11);
    if (!document.empty()) {
      request.set(http::field::content_type, "application/json");
      request.body() = document;
      request.prepare_payload();
    }
    request.set(http::field::host, config_.server.authority());
    request.set(http::field::user_agent, config_.user_agent);
    request.set(http::field::accept, "application/json");
    if (compressed) request.set(http::field::accept_encoding, "gzip");
    if (!config_.token.empty()) {
      const std::string& token = token_.current();
      // Without it the server would only say that somebody unknown asked.
      if (token.empty() || !is_header_text(token)) return bad_token(token.empty());
      request.set(http::field::authorization, "Bearer " + token);
    } else if (!config_.username.empty()) {
      request.set(http::field::authorization, "Basic " + base64_encode(config_.username + ":" + config_.password));
    }
    return request;
  }

  ApiError bad_token(bool missing) const {
    ApiError error;
    error.message = config_.token.file.empty() ? "the token" : "the token in " + config_.token.file;
    error.message += missing ? " cannot be read" : " has a control character inside";
    return error;
  }

  ClientConfig config_;
  const Exchange::Silence read_timeout_ = [this] { return config_.read_timeout; };
  asio::any_io_executor executor_;
  ConnectionPool pool_;
  SecretReader token_;
};

RestClient::RestClient(asio::any_io_executor executor, ClientConfig config)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(config))) {}

RestClient::~RestClient() { impl_->close(); }

asio::awaitable<Result<void>> RestClient::send(std::string target, std::string document, GetOptions options,
                                               OnBytes on_bytes) {
  // Its own reference: a request may still unwind while the client is torn down.
  const std::shared_ptr<Impl> impl = impl_;
  try {
    bool retry = false;
    auto result = co_await impl->attempt(target, document, options, on_bytes, false, retry);
    if (retry) result = co_await impl->attempt(target, document, options, on_bytes, true, retry);
    co_return result;
  } catch (const boost::system::system_error& error) {
    // How a coroutine that was cancelled between two operations ends.
    if (error.code() != asio::error::operation_aborted) throw;
    co_return ApiError::cancelled();
  }
}

asio::awaitable<Result<void>> RestClient::get(std::string target, GetOptions options, OnBytes on_bytes) {
  return send(std::move(target), {}, std::move(options), std::move(on_bytes));
}

asio::awaitable<Result<std::string>> RestClient::send_for_document(std::string target, std::string document) {
  std::string answer;
  OnBytes keep = [&answer](std::string_view bytes) {
    answer.append(bytes);
    return answer.size() <= kMaxDocument;
  };
  const auto read = co_await send(std::move(target), std::move(document), GetOptions{}, std::move(keep));
  if (!read.has_value()) co_return read.error();
  co_return answer;
}

asio::awaitable<Result<std::string>> RestClient::get_document(std::string target) {
  return send_for_document(std::move(target), {});
}

asio::awaitable<Result<std::string>> RestClient::post_document(std::string target, std::string document) {
  return send_for_document(std::move(target), std::move(document));
}

void RestClient::close() { impl_->close(); }

const ClientConfig& RestClient::config() const { return impl_->config(); }

const asio::any_io_executor& RestClient::executor() const { return impl_->executor(); }

std::uint64_t RestClient::connections_opened() const { return impl_->connections_opened(); }

}  // namespace ferry::watch
