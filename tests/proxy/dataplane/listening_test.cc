#include <cerrno>
#include <thread>
#include <vector>

#include "tests/proxy/dataplane/dataplane_fixture.h"

namespace ferry::proxy::testing {
namespace {

class Listening : public DataplaneFixture {
 protected:
  TestListener first_;
  TestListener second_;
};

TEST_F(Listening, NothingIsServedBeforeAnythingIsSaid) {
  EXPECT_EQ(dataplane().snapshot().listeners, 0U);
  EXPECT_TRUE(dataplane().snapshot().service_ports.empty());
}

TEST_F(Listening, AServiceWithoutEndpointsRefuses) {
  const TestService service = new_service("empty", {});
  set(service);
  EXPECT_EQ(connect_error(service), ECONNREFUSED);
  EXPECT_EQ(dataplane().snapshot().listeners, 0U);
}

TEST_F(Listening, EndpointsComingAndGoingOpenAndCloseTheService) {
  TestService service = new_service("coming", {});
  set(service);
  for (int i = 0; i < 3; ++i) {
    service.backends = {backend_at(first_)};
    set(service);
    const TestSocket client = connect(service);
    first_.accept();
    service.backends.clear();
    set(service);
    EXPECT_EQ(connect_error(service), ECONNREFUSED);
  }
}

TEST_F(Listening, AChangeOfEndpointsNeverTouchesTheListener) {
  TestService service = new_service("moving", {backend_at(first_)});
  set(service);
  std::atomic<bool> stop{false};
  std::atomic<int> refused{0};
  std::atomic<int> made{0};
  std::thread load([&] {
    while (!stop) {
      const int error = testing::connect_error(service.addresses[0], service.port);
      refused += error == ECONNREFUSED ? 1 : 0;
      ++made;
    }
  });
  for (int i = 0; i < 200 || made < 200; ++i) {
    service.backends = {backend_at(i % 2 == 0 ? second_ : first_)};
    set(service);
  }
  stop = true;
  load.join();
  EXPECT_EQ(refused, 0);
  EXPECT_GT(made, 0);
}

TEST_F(Listening, EndpointsComingAndGoingUnderLoadResetNoCompletedHandshake) {
  TestService service = new_service("flapping", {});
  set(service);
  std::atomic<bool> stop{false};
  std::atomic<bool> none_left{false};
  std::thread backend([&] {
    while (!none_left) {
      if (first_.pending()) first_.accept().send("!");
    }
  });
  std::atomic<int> served{0};
  std::atomic<int> refused{0};
  std::atomic<int> broken{0};
  std::thread load([&] {
    while (!stop) {
      try {
        const TestSocket client = connect(service);
        ++(client.receive(1) == "!" ? served : broken);
      } catch (const std::system_error& error) {
        ++(error.code().value() == ECONNREFUSED ? refused : broken);
      }
    }
  });
  for (int i = 0; i < 200; ++i) {
    service.backends = {backend_at(first_)};
    set(service);
    // Long enough for some, too short to have them all come in between.
    const int served_before = served;
    EXPECT_TRUE(wait_until([&] { return served > served_before; }));
    const int refused_before = refused;
    service.backends.clear();
    set(service);
    // Every other time the endpoint is back before anybody notices.
    EXPECT_TRUE(i % 2 != 0 || wait_until([&] { return refused > refused_before; }));
  }
  stop = true;
  load.join();
  none_left = true;
  backend.join();
  EXPECT_EQ(broken, 0);
}

TEST_F(Listening, RemovalRefusesNewConnectionsAndLeavesCarriedOnesAlone) {
  const TestService service = new_service("leaving", {backend_at(first_)});
  set(service);
  TestSocket client = connect(service);
  TestSocket server = first_.accept();
  remove(service);
  EXPECT_EQ(connect_error(service), ECONNREFUSED);
  client.send("still");
  EXPECT_EQ(server.receive(5), "still");
  ASSERT_EQ(dataplane().snapshot().service_ports.size(), 1U);
  EXPECT_TRUE(dataplane().snapshot().service_ports[0].removed);
  client.close();
  server.close();
  ASSERT_TRUE(wait_until_none_open());
  const TestService other = new_service("other", {});
  set(other);
  EXPECT_EQ(dataplane().snapshot().service_ports.size(), 1U);
  EXPECT_EQ(totals().connections.accepted, 1U);
}

TEST_F(Listening, AServiceDeletedAndAddedAgainWorks) {
  const TestService service = new_service("again", {backend_at(first_)});
  for (int i = 0; i < 3; ++i) {
    set(service);
    TestSocket client = connect(service);
    first_.accept().send("ok");
    EXPECT_EQ(client.receive(2), "ok");
    remove(service);
    EXPECT_EQ(connect_error(service), ECONNREFUSED);
  }
}

TEST_F(Listening, RemovedAndAddedInOneBatchGoesOnServing) {
  const TestService service = new_service("blink", {backend_at(first_)});
  set(service);
  apply({change_to_none(service), change_to(service)});
  const TestSocket client = connect(service);
  first_.accept();
  EXPECT_EQ(dataplane().snapshot().listeners, 1U);
}

TEST_F(Listening, APortChangeClosesTheOldAndOpensTheNew) {
  TestService service = new_service("renumbered", {backend_at(first_)});
  set(service);
  TestService moved = service;
  moved.port = free_port(service.addresses[0]);
  set(moved);
  EXPECT_EQ(connect_error(service), ECONNREFUSED);
  const TestSocket client = connect(moved);
  first_.accept();
}

TEST_F(Listening, AnAddressTakenAwayAndGivenBackIsServedAgain) {
  TestService service = new_service("headless", {backend_at(first_)});
  const TestService with_address = service;
  set(service);
  service.addresses.clear();
  set(service);
  EXPECT_EQ(connect_error(with_address), ECONNREFUSED);
  set(with_address);
  EXPECT_EQ(connect_error(with_address), 0);
}

TEST_F(Listening, AFreedPortCanBeUsedByAnotherService) {
  const TestService old_one = new_service("old", {backend_at(first_)});
  TestService new_one = new_service("new", {backend_at(second_)});
  new_one.port = old_one.port;
  set(old_one);
  apply({change_to_none(old_one), change_to(new_one)});
  const TestSocket client = connect(new_one);
  second_.accept();
  EXPECT_FALSE(first_.pending());
}

TEST_F(Listening, OfTwoThatClaimAnAddressTheFirstHasItAndTheOtherTakesOver) {
  const TestService holder = new_service("holder", {backend_at(first_)});
  TestService waiting = new_service("waiting", {backend_at(second_)});
  waiting.port = holder.port;
  set(holder);
  set(waiting);
  {
    const TestSocket client = connect(holder);
    first_.accept();
  }
  const std::vector<UnservedAddress> unserved = dataplane().snapshot().unserved;
  ASSERT_EQ(unserved.size(), 1U);
  EXPECT_EQ(unserved[0].name.service.name, "waiting");
  EXPECT_EQ(unserved[0].reason, "claimed by test/holder/TCP before");
  remove(holder);
  const TestSocket client = connect(waiting);
  second_.accept();
  EXPECT_TRUE(dataplane().snapshot().unserved.empty());
}

/// What only capture by bind can meet.
using Binding = Listening;

TEST_F(Binding, AnAddressInUseIsReportedOnceRetriedAndServedWhenFree) {
  DataplaneOptions options;
  options.workers = 2;
  options.bind_retry_min = std::chrono::milliseconds{5};
  options.bind_retry_max = std::chrono::milliseconds{20};
  use(options);
  const TestService service = new_service("blocked", {backend_at(first_)});
  TestListener occupant(service.addresses[0], service.port);
  set(service);
  ASSERT_TRUE(wait_until([&] { return totals().listen_failures >= 3; }));
  const std::vector<UnservedAddress> unserved = dataplane().snapshot().unserved;
  ASSERT_EQ(unserved.size(), 1U);
  EXPECT_EQ(unserved[0].reason, "Address already in use");
  const std::string line = "test/blocked/TCP is not served at " + service.addresses[0] + ":" +
                           std::to_string(service.port) + ": Address already in use";
  EXPECT_NE(log().find(line), std::string::npos) << log();
  EXPECT_EQ(log().find(line), log().rfind(line)) << log();
  occupant.close();
  ASSERT_TRUE(wait_until([&] { return dataplane().snapshot().listeners == 1; }));
  EXPECT_TRUE(dataplane().snapshot().unserved.empty());
  const TestSocket client = connect(service);
  first_.accept();
}

TEST_F(Binding, AFailedListenerIsTriedAgainWithTheNextChange) {
  DataplaneOptions options;
  options.bind_retry_min = std::chrono::hours{1};
  use(options);
  TestService service = new_service("blocked", {backend_at(first_)});
  TestListener occupant(service.addresses[0], service.port);
  set(service);
  EXPECT_EQ(totals().listen_failures, 1U);
  occupant.close();
  service.backends = {backend_at(second_)};
  set(service);
  EXPECT_EQ(dataplane().snapshot().listeners, 1U);
}

TEST_F(Listening, SctpPortsAreCountedAsNotServed) {
  TestService sctp = new_service("sig", {backend_at(first_)});
  sctp.protocol = config::Protocol::kSctp;
  set(sctp);
  set(sctp);
  EXPECT_EQ(dataplane().snapshot().sctp_ports_not_served, 1U);
  EXPECT_EQ(dataplane().snapshot().listeners, 0U);
  remove(sctp);
  EXPECT_EQ(dataplane().snapshot().sctp_ports_not_served, 0U);
}

TEST_F(Listening, AnAddressThatTheHostDoesNotHaveCanBeListenedAt) {
  TestService service = new_service("elsewhere", {backend_at(first_), backend("::1", 1)});
  service.addresses = {"198.51.100.7", "2001:db8::7"};
  set(service);
  EXPECT_EQ(dataplane().snapshot().listeners, 2U);
}

TEST_F(Listening, ClosingResetsNoCompletedHandshake) {
  TestService service = new_service("closing", {backend_at(first_)});
  TestListener& endpoint = first_;
  for (int round = 0; round < 4; ++round) {
    service.backends = {backend_at(endpoint)};
    set(service);
    std::atomic<bool> closed{false};
    int connected = 0;
    int answered = 0;
    std::thread clients([&] {
      std::vector<TestSocket> open;
      while (!closed && open.size() < 200) {
        try {
          open.push_back(connect(service));
        } catch (const std::system_error&) {
          break;
        }
      }
      connected = static_cast<int>(open.size());
      for (TestSocket& client : open) {
        client.shutdown_write();
      }
      for (TestSocket& client : open) {
        answered += client.at_end() ? 1 : 0;
      }
    });
    ASSERT_TRUE(wait_until([&] { return counters(service).accepted > 0 || endpoint.pending(); }));
    std::thread server([&] {
      while (!closed || endpoint.pending()) {
        if (endpoint.pending()) {
          TestSocket socket = endpoint.accept();
          socket.at_end();
        }
      }
    });
    // Gone as a whole, so that the last accepted ones still know their endpoints.
    remove(service);
    clients.join();
    closed = true;
    server.join();
    EXPECT_EQ(answered, connected);
    ASSERT_TRUE(wait_until_none_open());
  }
}

}  // namespace
}  // namespace ferry::proxy::testing
