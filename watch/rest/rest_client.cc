#include "watch/rest/rest_client.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>

#include "watch/codec/inflater.h"
#include "watch/codec/status.h"
#include "watch/rest/base64.h"
#include "watch/rest/connection_pool.h"
#include "watch/rest/secret_reader.h"

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::size_t kMaxDocument = std::size_t{8} << 20U;
constexpr std::size_t kMaxErrorBody = std::size_t{64} << 10U;
constexpr std::size_t kPart = std::size_t{32} << 10U;

ApiError protocol_error(std::string message) {
  ApiError error;
  error.kind = ApiError::Kind::kProtocol;
  error.message = std::move(message);
  return error;
}

/// A token ends up in a header: one with control characters would end the line.
bool is_header_text(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

std::optional<std::chrono::seconds> retry_after(const http::fields& head) {
  const auto field = head[http::field::retry_after];
  unsigned seconds = 0;
  for (const char c : field) {
    if (c < '0' || c > '9' || seconds > 86400) return std::nullopt;
    seconds = seconds * 10 + static_cast<unsigned>(c - '0');
  }
  if (field.empty()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

class RestClient::Impl {
 public:
  Impl(asio::any_io_executor executor, ClientConfig config)
      : config_(std::move(config)), executor_(std::move(executor)), pool_(executor_, config_), token_(config_.token) {}

  /// One request on one connection.
  asio::awaitable<Result<void>> attempt(const std::string& target, const GetOptions& options, const OnBytes& on_bytes,
                                        bool fresh, bool& retry) {
    auto acquired = co_await pool_.acquire(fresh);
    if (!acquired.has_value()) co_return acquired.error();
    ConnectionPool::Lease lease = std::move(acquired).value();
    const auto silence = options.read_timeout.count() > 0 ? options.read_timeout : config_.read_timeout;

    Connection::Parser parser;
    parser.body_limit(boost::none);
    lease->expires_after(config_.read_timeout);
    error_code code = co_await lease->write(request_for(target, options.compressed));
    if (!code.failed()) code = co_await lease->read_head(parser);
    if (code.failed()) {
      // A kept connection may have been closed by the server before this request reached it.
      retry = lease.reused() && !parser.got_some() && code != beast::error::timeout && !pool_.closed();
      co_return failure("no answer", code);
    }
    const bool ok = parser.get().result_int() / 100 == 2;
    std::string error_body;
    const OnBytes keep = [&error_body](std::string_view bytes) {
      error_body.append(bytes.substr(0, kMaxErrorBody - std::min(kMaxErrorBody, error_body.size())));
      return error_body.size() < kMaxErrorBody;
    };
    const auto read = co_await read_body(*lease, parser, silence, ok ? on_bytes : keep);
    if (read.has_value() && parser.is_done() && parser.keep_alive()) lease.give_back();
    if (ok) co_return read;
    ApiError error = decode_status(static_cast<int>(parser.get().result_int()), error_body);
    if (!error.retry_after) error.retry_after = retry_after(parser.get());
    co_return error;
  }

  void close() { pool_.close(); }

  const ClientConfig& config() const { return config_; }
  const asio::any_io_executor& executor() const { return executor_; }
  std::uint64_t connections_opened() const { return pool_.opened(); }

 private:
  Connection::Request request_for(const std::string& target, bool compressed) {
    Connection::Request request(http::verb::get, config_.server.base_path + target, 11);
    request.set(http::field::host, config_.server.authority());
    request.set(http::field::user_agent, config_.user_agent);
    request.set(http::field::accept, "application/json");
    if (compressed) request.set(http::field::accept_encoding, "gzip");
    const std::string& token = token_.current();
    if (!token.empty() && is_header_text(token)) {
      request.set(http::field::authorization, "Bearer " + token);
    } else if (!config_.username.empty()) {
      request.set(http::field::authorization, "Basic " + base64_encode(config_.username + ":" + config_.password));
    }
    return request;
  }

  ApiError failure(const char* doing, const error_code& code) const {
    ApiError error;
    error.code = code;
    error.message = doing;
    if (pool_.closed()) {
      error.kind = ApiError::Kind::kCancelled;
    } else if (code == beast::error::timeout) {
      error.kind = ApiError::Kind::kTimeout;
    } else if (code.category() == make_error_code(http::error::bad_version).category() &&
               code != http::error::end_of_stream && code != http::error::partial_message) {
      error.kind = ApiError::Kind::kProtocol;
    }
    return error;
  }

  asio::awaitable<Result<void>> read_body(Connection& connection, Connection::Parser& parser,
                                          std::chrono::milliseconds silence, const OnBytes& on_bytes) {
    std::optional<Inflater> inflater;
    const auto encoding = parser.get()[http::field::content_encoding];
    if (encoding == "gzip") {
      inflater.emplace();
    } else if (!encoding.empty() && encoding != "identity") {
      co_return protocol_error("the answer has an encoding nobody asked for");
    }
    std::array<char, kPart> part;
    while (!parser.is_done()) {
      parser.get().body().data = part.data();
      parser.get().body().size = part.size();
      connection.expires_after(silence);
      const error_code code = co_await connection.read_some(parser);
      const std::string_view bytes(part.data(), part.size() - parser.get().body().size);
      if (!bytes.empty()) {
        const auto taken = co_await hand_over(inflater, bytes, on_bytes);
        if (!taken.has_value()) co_return taken;
      }
      if (code.failed() && code != http::error::need_buffer) co_return failure("the answer broke off", code);
    }
    if (inflater && !inflater->complete()) co_return protocol_error("the compressed answer is cut short");
    co_return Result<void>();
  }

  /// Hands the bytes over; between the parts of what they inflate to, others of the executor get their turn.
  asio::awaitable<Result<void>> hand_over(std::optional<Inflater>& inflater, std::string_view bytes,
                                          const OnBytes& on_bytes) {
    if (!inflater) {
      if (!on_bytes(bytes)) co_return not_wanted();
      co_return Result<void>();
    }
    inflater->feed(bytes);
    for (std::string_view text = inflater->next(); !text.empty(); text = inflater->next()) {
      if (!on_bytes(text)) co_return not_wanted();
      co_await asio::post(executor_, asio::use_awaitable);
    }
    if (inflater->failed()) co_return protocol_error("the compressed answer is damaged: " + inflater->error());
    co_return Result<void>();
  }

  static ApiError not_wanted() { return protocol_error("the answer was not wanted to its end"); }

  ClientConfig config_;
  asio::any_io_executor executor_;
  ConnectionPool pool_;
  SecretReader token_;
};

RestClient::RestClient(asio::any_io_executor executor, ClientConfig config)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(config))) {}

RestClient::~RestClient() { impl_->close(); }

asio::awaitable<Result<void>> RestClient::get(std::string target, GetOptions options, OnBytes on_bytes) {
  // Its own reference: a request may still unwind while the client is torn down.
  const std::shared_ptr<Impl> impl = impl_;
  bool retry = false;
  auto result = co_await impl->attempt(target, options, on_bytes, false, retry);
  if (retry) result = co_await impl->attempt(target, options, on_bytes, true, retry);
  co_return result;
}

asio::awaitable<Result<std::string>> RestClient::get_document(std::string target) {
  std::string document;
  OnBytes keep = [&document](std::string_view bytes) {
    document.append(bytes);
    return document.size() <= kMaxDocument;
  };
  const auto read = co_await get(std::move(target), GetOptions{}, std::move(keep));
  if (!read.has_value()) co_return read.error();
  co_return document;
}

void RestClient::close() { impl_->close(); }

const ClientConfig& RestClient::config() const { return impl_->config(); }

const asio::any_io_executor& RestClient::executor() const { return impl_->executor(); }

std::uint64_t RestClient::connections_opened() const { return impl_->connections_opened(); }

}  // namespace ferry::watch
