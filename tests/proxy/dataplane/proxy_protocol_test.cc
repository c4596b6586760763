#include "proxy/relay/proxy_protocol.h"

#include <string>

#include "tests/proxy/dataplane/dataplane_fixture.h"

namespace ferry::proxy::testing {
namespace {

using config::ServicePortInfo;

config::IpAddress address(const std::string& text) { return *config::IpAddress::parse(text); }

/// The header that says the client is this one.
std::string header_of(const std::string& client) {
  return proxy_header({address(client), 1234}, {address(client), 80});
}

class ProxyProtocolToEndpoints : public DataplaneFixture {
 protected:
  TestService introduced(std::vector<config::Backend> backends) {
    TestService service = new_service("introduced", std::move(backends));
    service.also = [](ServicePortInfo& info) { info.annotations["proxy-protocol"] = "v2"; };
    return service;
  }
  std::string expected(const TestSocket& client, const TestService& service) {
    return proxy_header({client.own_address(), client.own_port()}, {address(service.addresses[0]), service.port});
  }

  TestListener backend_;
};

TEST_F(ProxyProtocolToEndpoints, TheEndpointHearsTheClientsAddressBeforeItsBytes) {
  const TestService service = introduced({backend_at(backend_)});
  set(service);
  TestSocket client = connect(service);
  client.send("hello");
  TestSocket server = backend_.accept();
  EXPECT_EQ(server.receive(28), expected(client, service));
  EXPECT_EQ(server.receive(5), "hello");
  server.send("back");
  EXPECT_EQ(client.receive(4), "back");
}

TEST_F(ProxyProtocolToEndpoints, AfterARefusalTheNextEndpointHearsIt) {
  TestListener closed;
  const config::Backend refusing = backend_at(closed);
  closed.close();
  const TestService service = introduced({refusing, backend_at(backend_)});
  set(service);
  for (int i = 0; i < 4; ++i) {
    TestSocket client = connect(service);
    EXPECT_EQ(backend_.accept().receive(28), expected(client, service));
  }
  EXPECT_GT(totals().dial_failures.refused, 0U);
}

TEST_F(ProxyProtocolToEndpoints, WithoutTheAnnotationNothingIsSaid) {
  const TestService service = new_service("plain", {backend_at(backend_)});
  set(service);
  TestSocket client = connect(service);
  client.send("hello");
  EXPECT_EQ(backend_.accept().receive(5), "hello");
}

/// A node port at 127.0.0.1 before which a load balancer, 127.0.0.9, sends headers.
class ProxyProtocolFromLoadBalancers : public DataplaneFixture {
 protected:
  ProxyProtocolFromLoadBalancers() {
    NodeView node;
    node.addresses = {address("127.0.0.1")};
    node.node_port_addresses = node.addresses;
    node.proxy_protocol_from = {*config::IpPrefix::parse("127.0.0.9/32")};
    dataplane().move_to(node);
  }
  void serve(std::vector<config::Backend> backends, const std::function<void(ServicePortInfo&)>& also = {}) {
    TestService service = new_service("web", std::move(backends));
    service.also = [this, also](ServicePortInfo& info) {
      info.node_port = node_port_;
      if (also) also(info);
    };
    set(service);
  }
  TestSocket balancer() const { return TestSocket::connect("127.0.0.1", node_port_, "127.0.0.9"); }

  std::uint16_t node_port_ = free_port("127.0.0.1");
  TestListener backend_;
  TestListener other_;
};

TEST_F(ProxyProtocolFromLoadBalancers, TheHeaderIsTakenOffAndWhatFollowsIsCarried) {
  serve({backend_at(backend_)});
  TestSocket client = balancer();
  client.send(header_of("203.0.113.7") + "hello");
  TestSocket server = backend_.accept();
  EXPECT_EQ(server.receive(5), "hello");
  server.send("back");
  EXPECT_EQ(client.receive(4), "back");
}

TEST_F(ProxyProtocolFromLoadBalancers, AHeaderMayComeByteByByte) {
  serve({backend_at(backend_)});
  TestSocket client = balancer();
  for (const char byte : header_of("203.0.113.7") + "!") client.send(std::string(1, byte));
  EXPECT_EQ(backend_.accept().receive(1), "!");
}

TEST_F(ProxyProtocolFromLoadBalancers, OthersSendNone) {
  serve({backend_at(backend_)});
  TestSocket client = TestSocket::connect("127.0.0.1", node_port_, "127.0.0.8");
  client.send(header_of("203.0.113.7"));
  EXPECT_EQ(backend_.accept().receive(28), header_of("203.0.113.7"));
}

TEST_F(ProxyProtocolFromLoadBalancers, SomethingElseIsResetAndCounted) {
  serve({backend_at(backend_)});
  TestSocket client = balancer();
  client.send("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(client.was_reset());
  TestSocket silent = balancer();
  silent.shutdown_write();
  EXPECT_TRUE(silent.was_reset());
  EXPECT_TRUE(wait_until([this] { return totals().proxy_header_errors == 2; }));
  EXPECT_FALSE(backend_.pending());
}

TEST_F(ProxyProtocolFromLoadBalancers, SilenceIsResetInTime) {
  serve({backend_at(backend_)});
  TestSocket client = balancer();
  client.send(header_of("203.0.113.7").substr(0, 20));
  EXPECT_TRUE(client.was_reset());
  EXPECT_TRUE(wait_until([this] { return totals().proxy_header_errors == 1; }));
}

TEST_F(ProxyProtocolFromLoadBalancers, AffinityIsTheNamedClients) {
  serve({backend_at(backend_), backend_at(other_)},
        [](ServicePortInfo& info) { info.session_affinity = config::SessionAffinity::kClientIp; });
  const auto asked_by = [this](const std::string& client) {
    const TestSocket connection = balancer();
    connection.send(header_of(client));
    EXPECT_TRUE(wait_until([this] { return backend_.pending() || other_.pending(); }));
    const TestListener& asked = backend_.pending() ? backend_ : other_;
    asked.accept();
    return &asked;
  };
  const TestListener* const one = asked_by("203.0.113.7");
  EXPECT_NE(asked_by("203.0.113.8"), one);
  EXPECT_EQ(asked_by("203.0.113.7"), one);
  EXPECT_EQ(asked_by("203.0.113.7"), one);
}

TEST_F(ProxyProtocolFromLoadBalancers, TheEndpointHearsOfTheNamedClient) {
  serve({backend_at(backend_)}, [](ServicePortInfo& info) { info.annotations["proxy-protocol"] = "v2"; });
  TestSocket client = balancer();
  client.send(header_of("203.0.113.7") + "hello");
  TestSocket server = backend_.accept();
  EXPECT_EQ(server.receive(28), proxy_header({address("203.0.113.7"), 1234}, {address("127.0.0.1"), node_port_}));
  EXPECT_EQ(server.receive(5), "hello");
}

TEST_F(ProxyProtocolFromLoadBalancers, SourceRangesAreAboutTheNamedClient) {
  const std::uint16_t port = free_port("127.0.0.5");
  TestService service = new_service("ranged", {backend_at(backend_)});
  service.port = port;
  service.also = [](ServicePortInfo& info) {
    info.load_balancer_ips = {address("127.0.0.5")};
    info.load_balancer_source_ranges = {*config::IpPrefix::parse("203.0.113.0/24")};
  };
  set(service);
  TestSocket admitted = TestSocket::connect("127.0.0.5", port, "127.0.0.9");
  admitted.send(header_of("203.0.113.7"));
  backend_.accept();
  TestSocket stranger = TestSocket::connect("127.0.0.5", port, "127.0.0.9");
  stranger.send(header_of("198.51.100.7"));
  EXPECT_TRUE(stranger.was_reset());
  EXPECT_TRUE(wait_until([this] { return totals().proxied_strangers == 1; }));
  EXPECT_TRUE(is_ignored("127.0.0.5", port, "127.0.0.8"));
}

TEST_F(ProxyProtocolFromLoadBalancers, TheLocalPolicyIsAboutTheNamedClient) {
  TestListener elsewhere;
  serve({local_backend_at(backend_), backend_at(elsewhere)},
        [](ServicePortInfo& info) { info.external_traffic_policy = config::TrafficPolicy::kLocal; });
  for (int i = 0; i < 4; ++i) {
    TestSocket client = balancer();
    client.send(header_of("203.0.113.7"));
    backend_.accept();
  }
  EXPECT_FALSE(elsewhere.pending());
}

TEST_F(ProxyProtocolFromLoadBalancers, WhoWaitsForAHeaderDoesNotHoldUpTheEnd) {
  serve({backend_at(backend_)});
  TestSocket client = balancer();
  dataplane().stop_accepting();
  bool drained = false;
  dataplane().drain(std::chrono::steady_clock::now() + std::chrono::milliseconds{1},
                    [&](Dataplane::DrainResult) { drained = true; });
  EXPECT_TRUE(wait_until([&] { return drained; }));
  EXPECT_TRUE(client.was_reset());
}

}  // namespace
}  // namespace ferry::proxy::testing
