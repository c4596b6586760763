#include "watch/rest/exchange.h"

#include <array>
#include <string>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::size_t kPart = std::size_t{32} << 10U;
// Go's servers warn in headers, one a deprecated API, and gateways add cookies.
constexpr std::uint32_t kMaxHead = std::uint32_t{48} << 10U;
constexpr int kMostInterimAnswers = 8;

/// The connection ended early, as opposed to having said something that is not HTTP.
bool is_early_end(const error_code& code) {
  return code == http::error::end_of_stream || code == http::error::partial_message;
}

ApiError failure(const char* what, const error_code& code) {
  ApiError error;
  error.code = code;
  error.message = what;
  if (code == asio::error::operation_aborted) {
    error.kind = ApiError::Kind::kCancelled;
  } else if (code == beast::error::timeout) {
    error.kind = ApiError::Kind::kTimeout;
  } else if (code.category() == make_error_code(http::error::bad_version).category() && !is_early_end(code)) {
    error.kind = ApiError::Kind::kProtocol;
  }
  return error;
}

}  // namespace

asio::awaitable<Result<void>> Exchange::ask(const Connection::Request& request, std::chrono::milliseconds time) {
  connection_.expires_after(time);
  error_code code = co_await connection_.write(request);
  if (!code.failed()) code = co_await read_head();
  if (code.failed()) co_return failure("no answer", code);
  co_return Result<void>();
}

asio::awaitable<error_code> Exchange::read_head() {
  for (int count = 0; count <= kMostInterimAnswers; ++count) {
    parser_.emplace();
    parser_->body_limit(boost::none);
    parser_->header_limit(kMaxHead);
    const error_code code = co_await connection_.read_head(*parser_);
    answered_ = answered_ || parser_->got_some();
    if (code.failed() || parser_->get().result_int() / 100 != 1) co_return code;
  }
  co_return make_error_code(http::error::bad_status);
}

asio::awaitable<Result<void>> Exchange::read_body(const Silence& silence, const OnBytes& on_bytes) {
  const auto encoding = head()[http::field::content_encoding];
  if (encoding == "gzip") {
    inflater_.emplace();
  } else if (!encoding.empty() && encoding != "identity") {
    co_return ApiError::protocol("the answer has an encoding nobody asked for");
  }
  std::array<char, kPart> part;
  while (!parser_->is_done()) {
    parser_->get().body().data = part.data();
    parser_->get().body().size = part.size();
    connection_.expires_after(silence());
    const error_code code = co_await connection_.read_some(*parser_);
    const std::string_view bytes(part.data(), part.size() - parser_->get().body().size);
    if (!bytes.empty()) {
      auto taken = co_await hand_over(bytes, on_bytes);
      if (!taken.has_value()) co_return taken;
    }
    if (code.failed() && code != http::error::need_buffer) co_return failure("the answer broke off", code);
  }
  if (inflater_ && !inflater_->complete()) co_return ApiError::protocol("the compressed answer is cut short");
  co_return Result<void>();
}

asio::awaitable<Result<void>> Exchange::hand_over(std::string_view bytes, const OnBytes& on_bytes) {
  const char* const kNotWanted = "the answer was not wanted to its end";
  if (!inflater_) {
    if (!on_bytes(bytes)) co_return ApiError::protocol(kNotWanted);
    co_return Result<void>();
  }
  const auto executor = co_await asio::this_coro::executor;
  inflater_->feed(bytes);
  for (std::string_view text = inflater_->next(); !text.empty(); text = inflater_->next()) {
    if (!on_bytes(text)) co_return ApiError::protocol(kNotWanted);
    co_await asio::post(executor, asio::use_awaitable);
  }
  if (inflater_->failed()) co_return ApiError::protocol("the compressed answer is damaged: " + inflater_->error());
  co_return Result<void>();
}

}  // namespace ferry::watch
