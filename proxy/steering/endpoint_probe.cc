#include "proxy/steering/endpoint_probe.h"

#include <memory>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "proxy/balancer/dial_failure.h"

namespace ferry::proxy {

namespace {

using boost::asio::ip::tcp;

struct Probe {
  explicit Probe(const boost::asio::any_io_executor& executor) : socket(executor), patience(executor) {}

  tcp::socket socket;
  boost::asio::steady_timer patience;
  std::function<void(bool taken)> done;

  void end(bool taken) {
    if (!done) return;
    patience.cancel();
    boost::system::error_code ignored;
    socket.close(ignored);
    std::exchange(done, nullptr)(taken);
  }
};

tcp::endpoint target_of(const config::Backend& endpoint) {
  return {boost::asio::ip::make_address(endpoint.address.to_string()), endpoint.port};
}

}  // namespace

void probe_endpoint(const boost::asio::any_io_executor& executor, const config::Backend& endpoint,
                    std::chrono::milliseconds patience, std::function<void(bool taken)> done) {
  const auto probe = std::make_shared<Probe>(executor);
  probe->done = std::move(done);
  probe->patience.expires_after(patience);
  probe->patience.async_wait([probe](const boost::system::error_code& code) {
    if (!code.failed()) probe->end(false);
  });
  probe->socket.async_connect(target_of(endpoint), [probe](const boost::system::error_code& code) {
    if (code == boost::asio::error::operation_aborted) return;
    probe->end(!code.failed() || classify_dial_error(code.value()) == DialFailure::kLocalShortage);
  });
}

}  // namespace ferry::proxy
