#include "proxy/cli/probe.h"

#include <cstdlib>
#include <sstream>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <spdlog/fmt/fmt.h>

#include "proxy/cli/http_conversation.h"
#include "proxy/settings/duration.h"

namespace ferry::cli {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint64_t kMostBody = 64 * 1024;

/// What came of a probe.
struct Finding {
  bool well = false;
  std::string sentence;
};

std::string name_of(const ProbeOptions& options) {
  std::ostringstream name;
  name << "http://" << options.address << options.page;
  return name.str();
}

Finding no_connection(const ProbeOptions& options, const error_code& error) {
  if (error == beast::error::timeout) {
    return {false,
            fmt::format("{} took no connection within {}", name_of(options), proxy::format_duration(options.timeout))};
  }
  return {false, fmt::format("nobody answers at {} ({}); start kube-ferry, or name its --healthz-bind-address",
                             name_of(options), error.message())};
}

Finding no_answer(const ProbeOptions& options, const error_code& error) {
  if (error == beast::error::timeout) {
    return {false,
            fmt::format("{} did not answer within {}", name_of(options), proxy::format_duration(options.timeout))};
  }
  return {false, fmt::format("what came from {} is no answer ({}); is kube-ferry's --healthz-bind-address another one?",
                             name_of(options), error.message())};
}

Finding judge(const ProbeOptions& options, unsigned status) {
  constexpr unsigned kUnavailable = 503;
  const std::string what = fmt::format("{} answered {}", name_of(options), status);
  if (status == static_cast<unsigned>(http::status::ok)) return {true, what};
  if (status != kUnavailable) return {false, what + "; is kube-ferry's --healthz-bind-address another one?"};
  return {false, what + (options.page == "/livez"
                             ? ": it has not read the cluster's state yet, or is stuck; its log tells"
                             : ": it has not read the cluster's state yet, is ending or stuck, or its node is going "
                               "away; its log tells")};
}

asio::awaitable<Finding> ask(ProbeOptions options) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  // Set once: the limit is for the whole exchange, not for each of its steps.
  stream.expires_after(options.timeout);
  const auto [refused] = co_await stream.async_connect(options.address, kAsTuple);
  if (refused) co_return no_connection(options, refused);

  http::request<http::empty_body> request(http::verb::get, options.page, kHttp11);
  request.set(http::field::host, "localhost");
  request.keep_alive(false);
  const auto [unsent, sent] = co_await http::async_write(stream, request, kAsTuple);
  if (unsent) co_return no_answer(options, unsent);

  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMostBody);
  const auto [unread, received] = co_await http::async_read(stream, buffer, parser, kAsTuple);
  if (unread) co_return no_answer(options, unread);
  co_return judge(options, parser.get().result_int());
}

}  // namespace

int probe(const ProbeOptions& options, const Output& output) {
  asio::io_context loop(1);
  auto answer = asio::co_spawn(loop, ask(options), asio::use_future);
  loop.run();
  const Finding finding = answer.get();
  if (!finding.well) {
    output.note(finding.sentence);
    return EXIT_FAILURE;
  }
  output.out << finding.sentence << '\n';
  return EXIT_SUCCESS;
}

}  // namespace ferry::cli
