#include <cerrno>
#include <chrono>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include "tests/proxy/dataplane/dataplane_fixture.h"
#include "tests/proxy/relay/test_datagrams.h"

namespace ferry::proxy::testing {
namespace {

using config::ServicePortInfo;

config::Backend backend_of(const TestDatagrams& socket) {
  return {socket.self().address, socket.self().port, false, false};
}

/// UDP through the dataplane. Two backends, of which `first_` is the first in the order of ports.
class Datagrams : public DataplaneFixture {
 protected:
  Datagrams() {
    if (second_.self().port < first_.self().port) std::swap(first_, second_);
  }

  TestService udp_service(const std::string& name, const std::vector<config::Backend>& backends) {
    TestService service = new_service(name, backends);
    service.protocol = config::Protocol::kUdp;
    return service;
  }
  std::vector<config::Backend> both() const { return {backend_of(first_), backend_of(second_)}; }

  static Peer at(const TestService& service) {
    return {config::IpAddress::parse(service.addresses[0]).value(), service.port};
  }

  /// Which backend has a datagram next.
  const TestDatagrams& whoever_is_asked() {
    EXPECT_TRUE(wait_until([this] { return first_.pending() || second_.pending(); }));
    return first_.pending() ? first_ : second_;
  }
  /// Asks and gets an answer; gives the backend that answered.
  const TestDatagrams* ask(const TestDatagrams& client, const TestService& service, const std::string& question = "?") {
    client.send(question, at(service));
    const TestDatagrams& asked = whoever_is_asked();
    const TestDatagrams::Received request = asked.receive();
    EXPECT_EQ(request.bytes, question);
    asked.send("!" + question, request.from);
    const TestDatagrams::Received answer = client.receive();
    EXPECT_EQ(answer.bytes, "!" + question);
    EXPECT_EQ(answer.from, at(service));
    return &asked;
  }
  ConnectionCounters flows() { return totals().flows; }

  static int error_of_receive(const TestDatagrams& client) {
    try {
      client.receive();
    } catch (const std::system_error& error) {
      return error.code().value();
    }
    return 0;
  }

  TestDatagrams first_;
  TestDatagrams second_;
};

TEST_F(Datagrams, AnAnswerComesFromTheServicesAddress) {
  const TestService service = udp_service("echo", {backend_of(first_)});
  set(service);
  ask(TestDatagrams(), service);
  // An answer is counted once it went.
  EXPECT_TRUE(wait_until([&] { return counters(service).bytes_to_client == 2; }));
  const ConnectionCounters counted = counters(service);
  EXPECT_EQ(counted.accepted, 1U);
  EXPECT_EQ(counted.bytes_to_backend, 1U);
}

TEST_F(Datagrams, AClientStaysWithItsBackendAndClientsTakeTurns) {
  const TestService service = udp_service("turns", both());
  set(service);
  const TestDatagrams one;
  const TestDatagrams other;
  const TestDatagrams* const of_one = ask(one, service);
  const TestDatagrams* const of_other = ask(other, service);
  EXPECT_NE(of_one, of_other);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(ask(one, service), of_one);
    EXPECT_EQ(ask(other, service), of_other);
  }
  EXPECT_EQ(flows().accepted, 2U);
}

TEST_F(Datagrams, ABurstArrivesInOrder) {
  const TestService service = udp_service("burst", {backend_of(first_)});
  set(service);
  const TestDatagrams client;
  constexpr int kBurst = 150;
  for (int i = 0; i < kBurst; ++i) client.send(std::to_string(i), at(service));
  Peer flow;
  for (int i = 0; i < kBurst; ++i) {
    const TestDatagrams::Received request = first_.receive();
    ASSERT_EQ(request.bytes, std::to_string(i));
    flow = request.from;
  }
  for (int i = 0; i < kBurst; ++i) first_.send(std::to_string(i), flow);
  for (int i = 0; i < kBurst; ++i) ASSERT_EQ(client.receive().bytes, std::to_string(i));
}

TEST_F(Datagrams, TheLargestAndTheSmallestPassWhole) {
  const TestService service = udp_service("sizes", {backend_of(first_)});
  set(service);
  const TestDatagrams client;
  ask(client, service, std::string(65506, 'x'));
  client.send("", at(service));
  const TestDatagrams::Received request = first_.receive();
  EXPECT_EQ(request.bytes, "");
  first_.send("", request.from);
  EXPECT_EQ(client.receive().bytes, "");
}

TEST_F(Datagrams, WithoutEndpointsTheKernelAnswersUnreachable) {
  TestService service = udp_service("none", {});
  set(service);
  const TestDatagrams client;
  client.connect(at(service));
  client.send("?", at(service));
  EXPECT_EQ(error_of_receive(client), ECONNREFUSED);
  service.backends = {backend_of(first_)};
  set(service);
  ask(client, service);
}

TEST_F(Datagrams, TcpAndUdpShareAPort) {
  const TestListener listener;
  const TestService udp = udp_service("both", {backend_of(first_)});
  TestService tcp = udp;
  tcp.protocol = config::Protocol::kTcp;
  tcp.backends = {backend_at(listener)};
  apply({change_to(udp), change_to(tcp)});
  const TestSocket stream = connect(tcp);
  EXPECT_TRUE(stream.send("x"));
  EXPECT_EQ(listener.accept().receive(1), "x");
  ask(TestDatagrams(), udp);
}

TEST_F(Datagrams, WhenItsEndpointGoesAFlowIsGivenAnotherWithWhatHadNoAnswer) {
  TestService service = udp_service("moving", both());
  set(service);
  const TestDatagrams client;
  client.send("?", at(service));
  const TestDatagrams& asked = whoever_is_asked();
  const TestDatagrams& other = &asked == &first_ ? second_ : first_;
  service.backends = {backend_of(other)};
  set(service);
  const TestDatagrams::Received again = other.receive();
  EXPECT_EQ(again.bytes, "?");
  other.send("!", again.from);
  EXPECT_EQ(client.receive().bytes, "!");
  EXPECT_EQ(flows().retried, 1U);
  EXPECT_EQ(flows().open, 1U);
}

TEST_F(Datagrams, ARefusedRequestGoesToTheNextEndpoint) {
  const TestService service = udp_service("refused", both());
  set(service);
  first_.close();
  for (int i = 0; i < 4; ++i) {
    const TestDatagrams client;
    client.send("?", at(service));
    const TestDatagrams::Received request = second_.receive();
    EXPECT_EQ(request.bytes, "?");
    second_.send("!", request.from);
    EXPECT_EQ(client.receive().bytes, "!");
  }
  EXPECT_EQ(flows().retried, 1U) << "the flows that follow leave out the endpoint that refused";
  EXPECT_EQ(totals().dial_failures.refused, 1U);
  EXPECT_EQ(totals().ejections, 1U);
}

TEST_F(Datagrams, TheOnlyEndpointIsKeptThoughItRefuses) {
  const TestService service = udp_service("alone", {backend_of(first_)});
  set(service);
  const Peer place = first_.self();
  first_.close();
  const TestDatagrams client;
  client.send("lost", at(service));
  ASSERT_TRUE(wait_until([this] { return totals().dial_failures.refused == 1; }));
  first_ = TestDatagrams("127.0.0.1", place.port);
  ask(client, service);
}

TEST_F(Datagrams, AFlowThatIsSilentEnds) {
  DataplaneOptions options;
  options.workers = 2;
  options.udp_idle_timeout = std::chrono::milliseconds{20};
  use(options);
  const TestService service = udp_service("idle", {backend_of(first_)});
  set(service);
  const TestDatagrams client;
  for (std::uint64_t flow = 1; flow <= 2; ++flow) {
    client.send("?", at(service));
    EXPECT_EQ(first_.receive().bytes, "?");
    EXPECT_TRUE(wait_until([this] { return flows().open == 0; }));
    EXPECT_EQ(flows().accepted, flow);
  }
}

TEST_F(Datagrams, AFlowWithAllItsAnswersEndsSoonAndOneWithoutStays) {
  TestService service = udp_service("dns", {backend_of(first_)});
  service.also = [](ServicePortInfo& info) { info.annotations["udp-responses"] = "1"; };
  set(service);
  const TestDatagrams answered;
  ask(answered, service);
  const TestDatagrams waiting;
  waiting.send("?", at(service));
  const TestDatagrams::Received late = first_.receive();
  EXPECT_TRUE(wait_until([this] { return flows().open == 1; }));
  first_.send("!", late.from);
  EXPECT_EQ(waiting.receive().bytes, "!");
}

TEST_F(Datagrams, AtTheBoundTheOldestWithAllTheirAnswersGiveWayFirst) {
  DataplaneOptions options;
  options.workers = 1;
  options.max_udp_flows = 4;
  use(options);
  TestService service = udp_service("many", {backend_of(first_)});
  service.also = [](ServicePortInfo& info) { info.annotations["udp-responses"] = "1"; };
  set(service);
  const TestDatagrams waiting;
  waiting.send("first", at(service));
  const Peer flow = first_.receive().from;
  for (int i = 0; i < 20; ++i) ask(TestDatagrams(), service);
  EXPECT_LE(flows().open, 4U);
  EXPECT_GT(totals().flows_evicted, 0U);
  first_.send("late", flow);
  EXPECT_EQ(waiting.receive().bytes, "late");
}

TEST_F(Datagrams, StrangersToASourceRangeHearNothing) {
  TestService service = udp_service("ranged", {backend_of(first_)});
  service.also = [](ServicePortInfo& info) {
    info.load_balancer_ips = info.cluster_ips;
    info.cluster_ips.clear();
    info.load_balancer_source_ranges = {config::IpPrefix::parse("127.5.0.0/16").value()};
  };
  set(service);
  const TestDatagrams stranger("127.6.0.1");
  stranger.connect(at(service));
  stranger.send("hidden", at(service));
  ask(TestDatagrams("127.5.0.1"), service);
  EXPECT_FALSE(first_.pending());
  EXPECT_FALSE(stranger.pending());
}

TEST_F(Datagrams, AffinityHoldsForAllPortsOfAClient) {
  TestService service = udp_service("sticky", both());
  service.also = [](ServicePortInfo& info) { info.session_affinity = config::SessionAffinity::kClientIp; };
  set(service);
  const TestDatagrams* const first = ask(TestDatagrams("127.5.0.1"), service);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(TestDatagrams("127.5.0.1"), service), first);
  EXPECT_NE(ask(TestDatagrams("127.5.0.2"), service), first);
}

TEST_F(Datagrams, AChangeOfOneServiceLeavesTheFlowsOfAnotherAlone) {
  DataplaneOptions options;
  options.workers = 1;
  use(options);
  TestService changing = udp_service("changing", {backend_of(first_)});
  const TestService other = udp_service("other", {backend_of(first_)});
  set(changing);
  set(other);
  const TestDatagrams client;
  ask(client, changing);
  ask(client, other);
  changing.backends = {backend_of(second_)};
  set(changing);
  EXPECT_EQ(ask(client, changing), &second_);
  EXPECT_EQ(ask(client, other), &first_);
  EXPECT_EQ(flows().retried, 1U);
  EXPECT_EQ(flows().accepted, 2U);
}

TEST_F(Datagrams, AServiceThatTakesAnAddressOverHasFlowsOfItsOwn) {
  const TestService before = udp_service("before", {backend_of(first_)});
  TestService after = before;
  after.name = "after";
  after.backends = {backend_of(second_)};
  set(before);
  set(after);
  const TestDatagrams client;
  EXPECT_EQ(ask(client, before), &first_);
  remove(before);
  EXPECT_EQ(counters(before).open, 0U);
  EXPECT_EQ(ask(client, after), &second_);
  EXPECT_EQ(counters(after).open, 1U);
  EXPECT_EQ(flows().open, 1U);
}

TEST_F(Datagrams, RemovalEndsTheFlowsAndAnswersUnreachable) {
  const TestService service = udp_service("removed", {backend_of(first_)});
  set(service);
  const TestDatagrams client;
  client.connect(at(service));
  ask(client, service);
  remove(service);
  EXPECT_EQ(flows().open, 0U);
  client.send("?", at(service));
  EXPECT_EQ(error_of_receive(client), ECONNREFUSED);
}

TEST_F(Datagrams, DatagramsAreCarriedWhileConnectionsDrain) {
  const TestService service = udp_service("draining", {backend_of(first_)});
  set(service);
  const TestDatagrams client;
  ask(client, service);
  dataplane().stop_accepting();
  ask(client, service);
  bool drained = false;
  dataplane().drain(std::chrono::steady_clock::now() + std::chrono::seconds{10},
                    [&drained](Dataplane::DrainResult) { drained = true; });
  EXPECT_TRUE(wait_until([&drained] { return drained; }));
}

TEST_F(Datagrams, Ipv6ServicesAreCarriedToIpv6Backends) {
  const TestDatagrams backend("::1");
  TestService service = udp_service("six", {backend_of(backend)});
  service.addresses = {ipv6_service_address()};
  service.port = free_port("::1");
  set(service);
  const TestDatagrams client("::1");
  client.send("?", at(service));
  const TestDatagrams::Received request = backend.receive();
  backend.send("!", request.from);
  EXPECT_EQ(client.receive().from, at(service));
}

}  // namespace
}  // namespace ferry::proxy::testing
