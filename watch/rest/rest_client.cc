#include "watch/rest/rest_client.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

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
      : executor_(std::move(executor)), way_(std::make_shared<Way>(executor_, std::move(config))) {}

  /// One request on one connection. `retry`: it failed on a kept connection that the server may have closed before the
  /// request reached it.
  /// Without a document to post it is a GET.
  asio::awaitable<Result<void>> attempt(const std::string& target, const std::string& document,
                                        const GetOptions& options, const OnBytes& on_bytes, bool fresh, bool& retry) {
    retry = false;
    // Its own reference: use() may put another in its place meanwhile.
    const std::shared_ptr<Way> way = way_;
    const auto request = request_for(*way, target, document, options.compressed);
    if (!request.has_value()) co_return request.error();
    auto acquired = co_await way->pool.acquire(fresh);
    if (!acquired.has_value()) co_return acquired.error();
    ConnectionPool::Lease lease = std::move(acquired).value();
    Exchange exchange(*lease);
    auto asked = co_await exchange.ask(request.value(), way->config.read_timeout);
    if (way->pool.closed()) co_return ApiError::cancelled();
    if (!asked.has_value()) {
      retry = lease.reused() && !exchange.answered() && asked.error().kind == ApiError::Kind::kTransport;
      co_return asked;
    }
    if (exchange.head().result_int() / 100 != 2) co_return co_await read_refusal(*way, lease, exchange);
    const Exchange::Silence& silence = options.read_timeout ? options.read_timeout : way->read_timeout;
    auto read = co_await exchange.read_body(silence, on_bytes);
    if (exchange.is_reusable() && read.has_value()) lease.give_back();
    if (way->pool.closed() && !read.has_value()) co_return ApiError::cancelled();
    co_return read;
  }

  void use(ClientConfig config) {
    opened_before_ += way_->pool.opened();
    std::erase_if(former_ways_, [](const std::weak_ptr<Way>& former) { return former.expired(); });
    former_ways_.push_back(way_);
    way_ = std::make_shared<Way>(executor_, std::move(config));
  }

  void close() {
    way_->pool.close();
    for (const std::weak_ptr<Way>& former : former_ways_) {
      if (const std::shared_ptr<Way> way = former.lock()) way->pool.close();
    }
  }

  const ClientConfig& config() const { return way_->config; }
  const asio::any_io_executor& executor() const { return executor_; }
  std::uint64_t connections_opened() const { return opened_before_ + way_->pool.opened(); }

 private:
  /// One configuration, and the connections made by it.
  struct Way {
    Way(const asio::any_io_executor& executor, ClientConfig how)
        : config(std::move(how)), pool(executor, config), token(config.token, config.secret_check_interval) {}

    const ClientConfig config;
    const Exchange::Silence read_timeout = [this] { return config.read_timeout; };
    ConnectionPool pool;
    SecretReader token;
  };

  /// An error that cannot be read to its end counts all the same, with what was read of it.
  static asio::awaitable<ApiError> read_refusal(Way& way, ConnectionPool::Lease& lease, Exchange& exchange) {
    std::string body;
    const OnBytes keep = [&body](std::string_view bytes) {
      body.append(bytes.substr(0, kMaxErrorBody - body.size()));
      return body.size() < kMaxErrorBody;
    };
    const auto read = co_await exchange.read_body(way.read_timeout, keep);
    ApiError error = decode_status(static_cast<int>(exchange.head().result_int()), body);
    if (!error.retry_after) error.retry_after = retry_after(exchange.head());
    if (exchange.is_reusable() && read.has_value()) lease.give_back();
    if (way.pool.closed()) co_return ApiError::cancelled();
    co_return error;
  }

  static Result<Connection::Request> request_for(Way& way, const std::string& target, const std::string& document,
                                                 bool compressed) {
    const ClientConfig& config = way.config;
    const auto method = document.empty() ? http::verb::get : http::verb::post;
    Connection::Request request(method, config.server.base_path + target, 11);
    if (!document.empty()) {
      request.set(http::field::content_type, "application/json");
      request.body() = document;
      request.prepare_payload();
    }
    request.set(http::field::host, config.server.authority());
    request.set(http::field::user_agent, config.user_agent);
    request.set(http::field::accept, "application/json");
    if (compressed) request.set(http::field::accept_encoding, "gzip");
    if (!config.token.empty()) {
      const std::string& token = way.token.current();
      // Without it the server would only say that somebody unknown asked.
      if (token.empty() || !is_header_text(token)) return bad_token(config, token.empty());
      request.set(http::field::authorization, "Bearer " + token);
    } else if (!config.username.empty()) {
      request.set(http::field::authorization, "Basic " + base64_encode(config.username + ":" + config.password));
    }
    return request;
  }

  static ApiError bad_token(const ClientConfig& config, bool missing) {
    ApiError error;
    error.message = config.token.file.empty() ? "the token" : "the token in " + config.token.file;
    error.message += missing ? " cannot be read" : " has a control character inside";
    return error;
  }

  asio::any_io_executor executor_;
  std::shared_ptr<Way> way_;
  /// Requests may be under way by them.
  std::vector<std::weak_ptr<Way>> former_ways_;
  std::uint64_t opened_before_ = 0;
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

void RestClient::use(ClientConfig config) { impl_->use(std::move(config)); }

void RestClient::close() { impl_->close(); }

const ClientConfig& RestClient::config() const { return impl_->config(); }

const asio::any_io_executor& RestClient::executor() const { return impl_->executor(); }

std::uint64_t RestClient::connections_opened() const { return impl_->connections_opened(); }

}  // namespace ferry::watch
