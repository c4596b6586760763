#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>

#include "tests/proxy/dataplane/dataplane_fixture.h"
#include "tests/support/own_network.h"

namespace ferry::proxy::testing {
namespace {

/// Lets the process open only so many descriptors more, until the end of the scope.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(std::size_t more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // The limit is on the number a descriptor gets, which is the lowest free one.
    std::vector<UniqueFd> next;
    for (std::size_t i = 0; i <= more; ++i) {
      next.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    rlimit lowered = before_;
    lowered.rlim_cur = static_cast<rlim_t>(next.back().get());
    ::setrlimit(RLIMIT_NOFILE, &lowered);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

class Shortage : public DataplaneFixture {
 protected:
  Shortage() {
    DataplaneOptions options;
    options.workers = 1;
    use(options);
  }

  TestListener listener_;
  TestService service_ = new_service("scarce", {backend_at(listener_)});
};

TEST_F(Shortage, WithoutDescriptorsConnectionsAreShedVisiblyAndServiceComesBack) {
  set(service_);
  {
    // One for the client's end; none is left for ours.
    const DescriptorLimit limit(1);
    TestSocket client = connect(service_);
    EXPECT_TRUE(client.was_reset());
    // It is counted once it is gone.
    EXPECT_TRUE(wait_until([this] { return totals().shed == 1; }));
    const DataplaneTotals now = totals();
    EXPECT_GE(now.accept_errors.at(EMFILE), 2U);
    EXPECT_EQ(now.connections.accepted, 0U);
  }
  // The one that arrives while the last is being shed may still go the same way.
  TestSocket client;
  EXPECT_TRUE(wait_until([&] {
    client = connect(service_);
    return wait_until([&] { return listener_.pending() || client.readable_now(); }) && listener_.pending();
  }));
  listener_.accept().send("back");
  EXPECT_EQ(client.receive(4), "back");
}

TEST_F(Shortage, AShortageThatPassesCostsNoConnection) {
  set(service_);
  TestSocket client;
  {
    const DescriptorLimit limit(1);
    client = connect(service_);
    ASSERT_TRUE(wait_until([&] { return totals().accept_errors.count(EMFILE) > 0; }));
  }
  if (totals().shed == 0) {
    listener_.accept().send("served");
    EXPECT_EQ(client.receive(6), "served");
  }
}

TEST_F(Shortage, WantOfADescriptorForTheDialIsNotTheEndpointsFault) {
  set(service_);
  TestSocket client;
  {
    // One for the client's end, one for our end of it; none for the endpoint.
    const DescriptorLimit limit(2);
    client = connect(service_);
    ASSERT_TRUE(wait_until([&] { return totals().dial_failures.local_shortage > 0; }));
  }
  listener_.accept().send("after all");
  EXPECT_EQ(client.receive(9), "after all");
  EXPECT_EQ(totals().dial_failures.refused, 0U);
  EXPECT_EQ(counters(service_).failed, 0U);
}

/// A network of the test's own in which connections have four local ports at most to begin at.
class PortShortage : public DataplaneFixture {
 protected:
  PortShortage() {
    if (wanted_capture() != CaptureMethod::kSkLookup) {
      ferry::testing::enter_own_network();
      ferry::testing::ip("link set lo up");
    }
    std::getline(std::ifstream(kRange), former_range_);
    std::ofstream range(kRange);
    range << "40000 40003" << std::flush;
    if (!range) throw std::runtime_error("cannot set net.ipv4.ip_local_port_range of a network of our own");
  }
  ~PortShortage() override { std::ofstream(kRange) << former_range_; }

  TestService service_at(const std::string& name, std::uint16_t port, std::uint16_t backend_port) {
    TestService service = new_service(name, {backend("127.0.0.1", backend_port)});
    service.port = port;
    return service;
  }

  /// Connections from every port that is left: by sk_lookup the capture listens at one of the four.
  static std::vector<TestSocket> fill_ports(std::uint16_t port) {
    std::vector<TestSocket> fillers;
    try {
      while (true) fillers.push_back(TestSocket::connect("127.0.0.1", port));
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), EADDRNOTAVAIL);
    }
    return fillers;
  }

 private:
  static constexpr const char* kRange = "/proc/sys/net/ipv4/ip_local_port_range";
  std::string former_range_;
};

TEST_F(PortShortage, WithoutLocalPortsADialWaitsAndIsNotTheEndpointsFault) {
  const TestListener listener("127.0.0.1", 9000);
  const TestListener other("127.0.0.1", 9002);
  const TestService service = service_at("crowded", 9001, 9000);
  const TestService unharmed = service_at("unharmed", 9003, 9002);
  set(service);
  set(unharmed);
  // Ports are used up for each endpoint by itself.
  std::vector<TestSocket> fillers = fill_ports(9000);
  ASSERT_FALSE(fillers.empty());

  const TestSocket client = connect(service);
  ASSERT_TRUE(wait_until([this] { return totals().dial_shortages.contains(EADDRNOTAVAIL); }));
  EXPECT_GT(totals().dial_failures.local_shortage, 0U);
  const TestSocket elsewhere = connect(unharmed);
  other.accept().send("served");
  EXPECT_EQ(elsewhere.receive(6), "served");

  for (TestSocket& filler : fillers) filler.reset();
  for (std::size_t i = 0; i < fillers.size(); ++i) listener.accept();
  listener.accept().send("after all");
  EXPECT_EQ(client.receive(9), "after all");
  EXPECT_EQ(totals().dial_failures.refused, 0U);
  EXPECT_EQ(counters(service).failed, 0U);
  EXPECT_EQ(totals().ejections, 0U);
}

}  // namespace
}  // namespace ferry::proxy::testing
