#pragma once

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "proxy/dataplane/dataplane.h"
#include "tests/proxy/relay/test_sockets.h"

namespace ferry::proxy::testing {

/// A service as a test names it.
struct TestService {
  std::string name;
  std::vector<std::string> addresses;
  std::uint16_t port = 0;
  std::vector<config::Backend> backends;
  config::Protocol protocol = config::Protocol::kTcp;
  /// Says what else there is to say.
  std::function<void(config::ServicePortInfo&)> also{};
};

config::Backend backend(const std::string& address, std::uint16_t port);
config::Backend backend_at(const TestListener& listener);
/// One that runs on this node.
config::Backend local_backend_at(const TestListener& listener);

/// How the suite captures addresses this time: by bind, or by what FERRY_TEST_CAPTURE names. For sk_lookup, each test
/// has a network of its own.
CaptureMethod wanted_capture();

/// A Dataplane with the test thread as its control thread. The end of each test stops it and finds no descriptor
/// left open.
class DataplaneFixture : public ::testing::Test {
 protected:
  explicit DataplaneFixture(CaptureMethod capture = wanted_capture());
  ~DataplaneFixture() override;

  /// Must be called before the first use of the dataplane, if at all.
  void use(const DataplaneOptions& options);
  Dataplane& dataplane();

  /// A service name, address and port of this test alone.
  TestService new_service(const std::string& name, std::vector<config::Backend> backends);

  /// One at which no backend of a test listens, where the capture takes whole addresses.
  std::string ipv6_service_address() const { return capture_ == CaptureMethod::kBind ? "::1" : "fd00:96::1"; }

  /// Brings the service port to this state, and returns once every worker has done so.
  void set(const TestService& service);
  void remove(const TestService& service);
  config::ServicePortChange change_to(const TestService& service);
  config::ServicePortChange change_to_none(const TestService& service);
  /// Applies, and returns once the change has taken effect on every worker.
  void apply(const std::vector<config::ServicePortChange>& changes);
  /// Every worker has done what the dataplane was told so far.
  bool wait_until_done();

  TestSocket connect(const TestService& service) { return TestSocket::connect(service.addresses[0], service.port); }
  int connect_error(const TestService& service) { return testing::connect_error(service.addresses[0], service.port); }

  /// Runs the control thread's handlers until the condition holds; false after ten seconds.
  bool wait_until(const std::function<bool()>& condition);
  ConnectionCounters counters(const TestService& service);
  DataplaneTotals totals() { return dataplane().snapshot().totals; }
  bool wait_until_none_open() {
    return wait_until([&] { return totals().connections.open == 0; });
  }

  std::string log() const { return log_.str(); }

  boost::asio::io_context control_;

 private:
  CaptureMethod capture_;
  std::size_t descriptors_before_;
  std::ostringstream log_;
  DataplaneOptions options_;
  std::map<config::ServicePortName, std::shared_ptr<const config::ServicePortInfo>> current_;
  std::unique_ptr<Dataplane> dataplane_;
};

}  // namespace ferry::proxy::testing
