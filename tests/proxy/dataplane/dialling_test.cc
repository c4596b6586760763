#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>

#include "tests/proxy/dataplane/black_hole.h"
#include "tests/proxy/dataplane/dataplane_fixture.h"

namespace ferry::proxy::testing {
namespace {

/// An endpoint that refuses.
config::Backend closed_endpoint() { return backend("127.0.0.1", free_port("127.0.0.1")); }

/// Answers each connection with its name, then closes it.
class NamingServer {
 public:
  explicit NamingServer(std::string name) : name_(std::move(name)), thread_([this] { serve(); }) {}
  ~NamingServer() {
    stopping_ = true;
    TestSocket::connect("127.0.0.1", listener_.port());
    thread_.join();
  }
  config::Backend backend() const { return backend_at(listener_); }

 private:
  void serve() {
    while (!stopping_) {
      try {
        TestSocket socket = listener_.accept();
        socket.send(name_);
      } catch (const std::system_error&) {
        // Nobody came for a while.
      }
    }
  }

  TestListener listener_;
  std::string name_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

class Dialling : public DataplaneFixture {
 protected:
  static DataplaneOptions quick() {
    DataplaneOptions options;
    options.workers = 2;
    options.dial_timeouts = {std::chrono::milliseconds{150}, std::chrono::milliseconds{300},
                             std::chrono::milliseconds{500}, std::chrono::milliseconds{1000}};
    return options;
  }
};

TEST_F(Dialling, WithOneOfThreeEndpointsRefusingEveryConnectionSucceeds) {
  DataplaneOptions options;
  options.ejection.max_percent = 0;
  use(options);
  NamingServer a("a");
  NamingServer b("b");
  const TestService service = new_service("three", {a.backend(), b.backend(), closed_endpoint()});
  set(service);
  int succeeded = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = connect(service).receive_rest();
    succeeded += name == "a" || name == "b" ? 1 : 0;
  }
  EXPECT_EQ(succeeded, 1000);
  ASSERT_TRUE(wait_until_none_open());
  EXPECT_EQ(counters(service).failed, 0U);
  EXPECT_EQ(counters(service).retried, totals().dial_failures.refused);
  EXPECT_GE(totals().dial_failures.refused, 300U);
}

TEST_F(Dialling, WithOneOfThreeEndpointsSilentEveryConnectionSucceeds) {
  DataplaneOptions options = quick();
  options.ejection.max_percent = 0;
  use(options);
  NamingServer a("a");
  NamingServer b("b");
  const BlackHole silent;
  const TestService service = new_service("three", {a.backend(), b.backend(), silent.backend()});
  set(service);
  // All at once: those that wait for the silent endpoint must not hold up the others.
  std::vector<TestSocket> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(connect(service));
  }
  int succeeded = 0;
  for (TestSocket& client : clients) {
    const std::string name = client.receive_rest();
    succeeded += name == "a" || name == "b" ? 1 : 0;
  }
  EXPECT_EQ(succeeded, 300);
  clients.clear();
  EXPECT_GE(totals().dial_failures.timed_out, 100U);
  EXPECT_TRUE(wait_until_none_open());
}

TEST_F(Dialling, AnEndpointThatRefusedOnceIsLeftOutByAllWhoFollow) {
  DataplaneOptions options;
  options.ejection.first = options.ejection.longest = std::chrono::hours{1};
  use(options);
  NamingServer a("a");
  NamingServer b("b");
  const TestService service = new_service("three", {a.backend(), b.backend(), closed_endpoint()});
  set(service);
  for (int i = 0; i < 100; ++i) EXPECT_NE(connect(service).receive_rest(), "");
  ASSERT_TRUE(wait_until_none_open());
  EXPECT_EQ(counters(service).retried, 1U);
  EXPECT_EQ(totals().ejections, 1U);
  EXPECT_EQ(dataplane().snapshot().endpoints_ejected, 1U);
}

TEST_F(Dialling, AnEndpointThatWasSilentOnceIsLeftOutByAllWhoFollow) {
  DataplaneOptions options = quick();
  options.ejection.first = options.ejection.longest = std::chrono::hours{1};
  use(options);
  NamingServer a("a");
  NamingServer b("b");
  const BlackHole silent;
  const TestService service = new_service("three", {a.backend(), b.backend(), silent.backend()});
  set(service);
  for (int i = 0; i < 100; ++i) EXPECT_NE(connect(service).receive_rest(), "");
  EXPECT_EQ(totals().dial_failures.timed_out, 1U);
}

TEST_F(Dialling, AnEjectedEndpointThatIsBackIsFoundOutByAConnection) {
  DataplaneOptions options;
  options.ejection.first = options.ejection.longest = std::chrono::milliseconds{1};
  use(options);
  NamingServer other("other");
  const std::uint16_t port = free_port("127.0.0.1");
  const TestService service = new_service("pair", {other.backend(), backend("127.0.0.1", port)});
  set(service);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(connect(service).receive_rest(), "other");
  EXPECT_EQ(dataplane().snapshot().endpoints_ejected, 1U);
  TestListener restarted("127.0.0.1", port);
  std::vector<TestSocket> clients;
  EXPECT_TRUE(wait_until([&] {
    clients.push_back(connect(service));
    return dataplane().snapshot().endpoints_ejected == 0;
  }));
  EXPECT_TRUE(restarted.pending());
}

TEST_F(Dialling, ASilentEndpointDoesNotDelayOtherClients) {
  DataplaneOptions options;
  options.workers = 1;
  use(options);
  const BlackHole silent;
  NamingServer quick_server("quick");
  const TestService stuck = new_service("stuck", {silent.backend()});
  const TestService fine = new_service("fine", {quick_server.backend()});
  set(stuck);
  set(fine);
  const TestSocket waiting = connect(stuck);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(connect(fine).receive_rest(), "quick");
  }
  EXPECT_FALSE(waiting.readable_now());
  EXPECT_EQ(counters(stuck).open, 1U);
}

TEST_F(Dialling, WhenEveryEndpointRefusesTheClientIsResetAndCounted) {
  const TestService service = new_service("dead", {closed_endpoint(), closed_endpoint()});
  set(service);
  EXPECT_TRUE(connect(service).was_reset());
  ASSERT_TRUE(wait_until_none_open());
  EXPECT_EQ(counters(service), (ConnectionCounters{1, 0, 1, 1, 0, 0}));
  EXPECT_EQ(totals().dial_failures, (DialFailures{2, 0, 0, 0}));
}

TEST_F(Dialling, WhenNoEndpointAnswersTheClientIsResetAfterTheBudget) {
  use(quick());
  const BlackHole silent;
  const TestService service = new_service("silent", {silent.backend()});
  set(service);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(connect(service).was_reset());
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds{1950});
  ASSERT_TRUE(wait_until_none_open());
  EXPECT_EQ(totals().dial_failures, (DialFailures{0, 1, 0, 0}));
}

TEST_F(Dialling, AClientThatGoesAwayEndsTheDial) {
  const BlackHole silent;
  const TestService service = new_service("silent", {silent.backend()});
  set(service);
  TestSocket client = connect(service);
  ASSERT_TRUE(wait_until([&] { return counters(service).open == 1; }));
  client.reset();
  EXPECT_TRUE(wait_until_none_open());
  EXPECT_EQ(totals().dial_failures, DialFailures{});
  EXPECT_EQ(counters(service).failed, 0U);
}

TEST_F(Dialling, WhatTheClientSentWhileDiallingIsDelivered) {
  use(quick());
  const BlackHole silent;
  TestListener backend_listener;
  const TestService service = new_service("late", {silent.backend(), backend_at(backend_listener)});
  set(service);
  for (int i = 0; i < 2; ++i) {
    TestSocket client = connect(service);
    client.send("early words");
    client.shutdown_write();
    TestSocket server = backend_listener.accept();
    EXPECT_EQ(server.receive_rest(), "early words");
    server.close();
    EXPECT_EQ(client.receive_rest(), "");
  }
  EXPECT_EQ(totals().dial_failures.timed_out, 1U);
}

TEST_F(Dialling, AfterAChangeTheNextDialUsesTheNewEndpoints) {
  DataplaneOptions options = quick();
  options.dial_timeouts.fill(std::chrono::milliseconds{1000});
  use(options);
  const BlackHole silent;
  const BlackHole also_silent;
  TestListener replacement;
  TestService service = new_service("moving", {silent.backend(), also_silent.backend()});
  set(service);
  TestSocket client = connect(service);
  ASSERT_TRUE(wait_until([&] { return counters(service).open == 1; }));
  service.backends = {backend_at(replacement)};
  set(service);
  TestSocket server = replacement.accept();
  server.send("moved");
  EXPECT_EQ(client.receive(5), "moved");
}

TEST_F(Dialling, ConnectionsTakeTurnsOverTheEndpoints) {
  std::vector<TestListener> endpoints(3);
  const TestService service =
      new_service("turns", {backend_at(endpoints[0]), backend_at(endpoints[1]), backend_at(endpoints[2])});
  set(service);
  std::vector<TestSocket> clients;
  for (int i = 0; i < 9; ++i) {
    clients.push_back(connect(service));
  }
  for (TestListener& endpoint : endpoints) {
    for (int i = 0; i < 3; ++i) {
      endpoint.accept();
    }
    EXPECT_FALSE(endpoint.pending());
  }
}

TEST_F(Dialling, AnEndpointThatComesBackIsUsedWithoutAChange) {
  const std::uint16_t port = free_port("127.0.0.1");
  const TestService service = new_service("restarting", {backend("127.0.0.1", port)});
  set(service);
  EXPECT_TRUE(connect(service).was_reset());
  TestListener restarted("127.0.0.1", port);
  TestSocket client = connect(service);
  restarted.accept().send("back");
  EXPECT_EQ(client.receive(4), "back");
}

}  // namespace
}  // namespace ferry::proxy::testing
