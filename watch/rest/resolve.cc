#include "watch/rest/resolve.h"

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Shared with the resolver's handler, which may outlive the wait.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}

  tcp::resolver resolver;
  asio::steady_timer done;
  std::optional<boost::system::error_code> code;
  std::vector<tcp::endpoint> endpoints;
};

}  // namespace

asio::awaitable<Result<std::vector<tcp::endpoint>>> resolve(std::string host, std::uint16_t port,
                                                            std::chrono::milliseconds time) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address.failed()) co_return std::vector<tcp::endpoint>{tcp::endpoint(address, port)};

  const auto executor = co_await asio::this_coro::executor;
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->done.expires_after(time);
  lookup->resolver.async_resolve(host, std::to_string(port),
                                 [lookup](boost::system::error_code code, tcp::resolver::results_type results) {
                                   lookup->code = code;
                                   for (const auto& result : results) lookup->endpoints.push_back(result.endpoint());
                                   lookup->done.cancel();
                                 });
  const auto [woken_by] = co_await lookup->done.async_wait(asio::as_tuple(asio::use_awaitable));
  ApiError error;
  error.message = "cannot resolve " + host;
  if (!lookup->code) {
    lookup->resolver.cancel();
    error.kind = woken_by.failed() ? ApiError::Kind::kCancelled : ApiError::Kind::kTimeout;
    co_return error;
  }
  if (lookup->code->failed()) {
    error.code = *lookup->code;
    co_return error;
  }
  co_return std::move(lookup->endpoints);
}

}  // namespace ferry::watch
