#include "proxy/cli/admin_client.h"

#include <cctype>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <spdlog/fmt/fmt.h>
#include <sys/un.h>

#include "proxy/cli/http_conversation.h"
#include "proxy/cli/text.h"

namespace ferry::cli {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Stream = beast::basic_stream<asio::local::stream_protocol>;
using boost::system::error_code;

constexpr int kDeepest = 64;

AskError connect_error(const std::string& path, const error_code& error) {
  if (error == beast::error::timeout) {
    return {AskError::Kind::kTimeout, 0, fmt::format("{} took no connection in time; is kube-ferry stuck?", path)};
  }
  if (error == asio::error::access_denied || error == boost::system::errc::operation_not_permitted) {
    return {AskError::Kind::kPermission, 0,
            fmt::format("{} may be opened by its owner alone; run this as the user that kube-ferry runs as, such as "
                        "with sudo",
                        path)};
  }
  return {AskError::Kind::kNoDaemon, 0,
          fmt::format("no kube-ferry answers at {} ({}); start it on this node, or name its --admin-socket with "
                      "--socket PATH",
                      path, error.message())};
}

AskError exchange_error(const std::string& path, const error_code& error, const ClientLimits& limits) {
  if (error == beast::error::timeout) {
    return {AskError::Kind::kTimeout, 0,
            fmt::format("kube-ferry at {} did not answer within {} ms; try again, it may be busy", path,
                        limits.time.count())};
  }
  if (error == http::error::body_limit) {
    return {AskError::Kind::kNonsense, 0,
            fmt::format("the answer at {} is larger than {} MiB; ask for less of it", path,
                        limits.body_bytes / (1024 * 1024))};
  }
  // What a daemon that ends leaves behind.
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::connection_reset || error == asio::error::broken_pipe) {
    return {AskError::Kind::kNoDaemon, 0,
            fmt::format("kube-ferry at {} hung up before it answered; is it being stopped?", path)};
  }
  return {AskError::Kind::kNonsense, 0,
          fmt::format("what answers at {} is no kube-ferry ({}); name its --admin-socket with --socket PATH", path,
                      error.message())};
}

/// nullopt when the text is no JSON, or is nested deeper than any answer.
std::optional<Json> parse_json(const std::string& text) {
  bool too_deep = false;
  const auto watch_depth = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDeepest;
    return depth <= kDeepest;
  };
  Json json = Json::parse(text, watch_depth, false);
  if (json.is_discarded() || too_deep) return std::nullopt;
  return json;
}

Answer judge(const std::string& path, const http::response<http::string_body>& response) {
  std::optional<Json> json = parse_json(response.body());
  if (response.result() != http::status::ok) {
    const bool has_sentence = json && json->is_object() && json->contains("error") && json->at("error").is_string();
    const std::string sentence =
        has_sentence ? printable(json->at("error").get_ref<const std::string&>())
                     : fmt::format("kube-ferry at {} answered with status {}", path, response.result_int());
    return AskError{AskError::Kind::kRefused, response.result_int(), sentence};
  }
  if (!json || !json->is_object()) {
    return AskError{
        AskError::Kind::kNonsense, 0,
        fmt::format("what {} answered is no JSON of kube-ferry's; name its --admin-socket with --socket PATH", path)};
  }
  return std::move(*json);
}

asio::awaitable<Answer> converse(std::string path, http::request<http::string_body> request, ClientLimits limits) {
  const auto executor = co_await asio::this_coro::executor;
  Stream stream(executor);
  // Set once: the limit is for the whole exchange, not for each of its steps.
  stream.expires_after(limits.time);
  const asio::local::stream_protocol::endpoint address(path);
  const auto [refused] = co_await stream.async_connect(address, kAsTuple);
  if (refused) co_return connect_error(path, refused);

  request.set(http::field::host, "localhost");
  request.set(http::field::accept, "application/json");
  request.keep_alive(false);
  if (request.method() != http::verb::get) request.prepare_payload();
  const auto [unsent, sent] = co_await http::async_write(stream, request, kAsTuple);
  if (unsent) co_return exchange_error(path, unsent, limits);

  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(limits.body_bytes);
  const auto [unread, received] = co_await http::async_read(stream, buffer, parser, kAsTuple);
  if (unread) co_return exchange_error(path, unread, limits);
  co_return judge(path, parser.get());
}

Answer wait_for(asio::awaitable<Answer> asking) {
  asio::io_context loop(1);
  std::optional<Answer> result;
  std::exception_ptr failure;
  asio::co_spawn(loop, std::move(asking), [&](std::exception_ptr error, Answer answer) {
    failure = std::move(error);
    result = std::move(answer);
  });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(result).value();
}

}  // namespace

asio::awaitable<Answer> ask(std::string path, std::string target, ClientLimits limits) {
  return converse(std::move(path), {http::verb::get, target, kHttp11}, limits);
}

Answer ask_and_wait(const std::string& path, const std::string& target, ClientLimits limits) {
  return wait_for(ask(path, target, limits));
}

Answer put_and_wait(const std::string& path, const std::string& target, const std::string& body, ClientLimits limits) {
  return wait_for(converse(path, {http::verb::put, target, kHttp11, body}, limits));
}

bool path_fits(std::string_view path) {
  return !path.empty() && path.size() < sizeof(sockaddr_un::sun_path) && path.find('\0') == std::string_view::npos;
}

std::string percent_encoded(std::string_view value) {
  std::string encoded;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~');
    if (unreserved) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

}  // namespace ferry::cli
