#include <cerrno>
#include <string>
#include <vector>

#include "proxy/relay/udp_socket.h"
#include "tests/proxy/dataplane/dataplane_fixture.h"
#include "tests/proxy/relay/test_datagrams.h"

namespace ferry::proxy::testing {
namespace {

/// What capture by sk_lookup can do beyond what it shares with bind, in a network of the test's own.
class SkLookup : public DataplaneFixture {
 protected:
  SkLookup() : DataplaneFixture(CaptureMethod::kSkLookup) {}

  TestService service(const std::string& name, std::uint16_t port) {
    return TestService{name, {"127.96.0.1"}, port, {backend_at(backend_)}, config::Protocol::kTcp};
  }
  bool served(const TestService& service) {
    const TestSocket client = connect(service);
    return backend_.accept().send("served") && client.receive(6) == "served";
  }
  static bool answered_by(const TestListener& listener, const std::string& address) {
    const TestSocket client = TestSocket::connect(address, listener.port());
    return listener.accept().send("host") && client.receive(4) == "host";
  }

  TestListener backend_{"127.0.0.1"};
};

TEST_F(SkLookup, AHostProcessAtEveryAddressMayComeFirst) {
  const TestListener host("0.0.0.0", 8080);
  const TestService here = service("here", 8080);
  set(here);
  EXPECT_TRUE(served(here));
  EXPECT_FALSE(host.pending());
  EXPECT_TRUE(answered_by(host, "127.0.0.1"));
}

TEST_F(SkLookup, AHostProcessAtEveryAddressMayComeLater) {
  const TestService here = service("here", 8080);
  set(here);
  EXPECT_TRUE(served(here));
  const TestListener host("0.0.0.0", 8080);
  EXPECT_TRUE(served(here));
  EXPECT_TRUE(answered_by(host, "127.0.0.1"));
}

TEST_F(SkLookup, TheSameWithDatagrams) {
  for (const bool host_first : {true, false}) {
    const TestDatagrams backend;
    TestService here = service("dns", 53);
    here.protocol = config::Protocol::kUdp;
    here.backends = {{backend.self().address, backend.self().port, false, false}};
    if (!host_first) set(here);
    const TestDatagrams host("0.0.0.0", 53);
    if (host_first) set(here);
    const TestDatagrams client;
    const Peer at{*config::IpAddress::parse("127.96.0.1"), 53};
    client.send("?", at);
    const TestDatagrams::Received request = backend.receive();
    backend.send("!", request.from);
    const TestDatagrams::Received answer = client.receive();
    EXPECT_EQ(answer.bytes, "!");
    EXPECT_EQ(answer.from, at);
    client.send("?", {*config::IpAddress::parse("127.0.0.1"), 53});
    EXPECT_EQ(host.receive().from, client.self());
    remove(here);
  }
}

TEST_F(SkLookup, NoOtherPortOfAServiceAddressIsTheHosts) {
  const TestListener ssh("0.0.0.0", 22);
  const TestDatagrams host_dns("0.0.0.0", 53);
  const TestService here = service("here", 80);
  set(here);
  EXPECT_EQ(testing::connect_error("127.96.0.1", 22), ECONNREFUSED);
  EXPECT_TRUE(answered_by(ssh, "127.0.0.1"));
  const TestDatagrams client;
  client.connect({*config::IpAddress::parse("127.96.0.1"), 53});
  client.send("?", {*config::IpAddress::parse("127.96.0.1"), 53});
  try {
    client.receive();
    ADD_FAILURE() << "answered";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ECONNREFUSED);
  }
  remove(here);
  EXPECT_TRUE(answered_by(ssh, "127.96.0.1"));
}

TEST_F(SkLookup, AnAddressStaysAServicesWhileOneOfItsPortsIs) {
  const TestListener ssh("0.0.0.0", 22);
  const TestService web = service("web", 80);
  const TestService mail = service("mail", 25);
  apply({change_to(web), change_to(mail)});
  remove(web);
  EXPECT_EQ(testing::connect_error("127.96.0.1", 22), ECONNREFUSED);
  EXPECT_EQ(testing::connect_error("127.96.0.1", 80), ECONNREFUSED);
  EXPECT_TRUE(served(mail));
}

TEST_F(SkLookup, AddressesOfTheServiceRangesWithoutAServiceRefuse) {
  DataplaneOptions options;
  options.service_ranges = {*config::IpPrefix::parse("127.96.0.0/16"), *config::IpPrefix::parse("fd00:96::/64")};
  use(options);
  // IPv4's too (ipv6(7), IPV6_V6ONLY).
  const TestListener ssh("::", 22);
  set(service("here", 80));
  EXPECT_EQ(testing::connect_error("127.96.3.4", 22), ECONNREFUSED);
  EXPECT_EQ(testing::connect_error("fd00:96::7", 22), ECONNREFUSED);
  EXPECT_TRUE(answered_by(ssh, "127.97.0.1"));
}

TEST_F(SkLookup, OtherPortsOfAnExternalAddressReachTheirOwner) {
  const TestListener owner("0.0.0.0", 22);
  TestService here = service("here", 80);
  here.also = [](config::ServicePortInfo& info) {
    info.cluster_ips.clear();
    info.external_ips = {*config::IpAddress::parse("127.97.0.1")};
  };
  here.addresses = {"127.97.0.1"};
  set(here);
  EXPECT_TRUE(served(here));
  EXPECT_TRUE(answered_by(owner, "127.97.0.1"));
}

TEST_F(SkLookup, AnExternalPortWithoutEndpointsIsRefusedThoughTheHostHasIt) {
  const TestListener host("0.0.0.0", 8080);
  TestService here = service("here", 8080);
  here.addresses = {"127.97.0.1"};
  here.also = [](config::ServicePortInfo& info) { info.external_ips = std::exchange(info.cluster_ips, {}); };
  here.backends.clear();
  set(here);
  EXPECT_EQ(connect_error(here), ECONNREFUSED);
  remove(here);
  EXPECT_TRUE(answered_by(host, "127.97.0.1"));
}

TEST_F(SkLookup, FortyFourThousandServicesTakeAFewDescriptors) {
  const std::size_t before = open_descriptors();
  constexpr int kServices = 44000;
  const auto at = [this](int number) {
    TestService one = service("s" + std::to_string(number), 80);
    one.addresses = {"127.96." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1)};
    return one;
  };
  std::vector<config::ServicePortChange> all;
  for (int number = 0; number < kServices; ++number) all.push_back(change_to(at(number)));
  apply(all);
  EXPECT_EQ(dataplane().snapshot().listeners, static_cast<std::size_t>(kServices));
  EXPECT_LT(open_descriptors() - before, 100U);
  for (const int number : {0, 249, 250, 21999, kServices - 1}) EXPECT_TRUE(served(at(number)));
}

TEST_F(SkLookup, LargeDatagramsAndIpv6AnswersAreWhole) {
  const TestDatagrams backend("::1");
  TestService here = service("large", 53);
  here.protocol = config::Protocol::kUdp;
  here.addresses = {ipv6_service_address()};
  here.backends = {{backend.self().address, backend.self().port, false, false}};
  set(here);
  const TestDatagrams client("::1");
  client.send("?", {*config::IpAddress::parse(ipv6_service_address()), 53});
  const std::string large(65507, 'x');
  backend.send(large, backend.receive().from);
  EXPECT_EQ(client.receive().bytes, large);
}

}  // namespace
}  // namespace ferry::proxy::testing
