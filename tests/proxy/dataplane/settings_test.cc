#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <linux/filter.h>
#include <sys/socket.h>

#include "tests/proxy/dataplane/black_hole.h"
#include "tests/proxy/dataplane/dataplane_fixture.h"

namespace ferry::proxy::testing {
namespace {

using std::chrono::milliseconds;

/// A server's kernel hears nothing more of this connection, and so acknowledges nothing: its node has lost its power.
void fall_silent(const TestSocket& socket) {
  sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &drop};
  ASSERT_EQ(::setsockopt(socket.fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
}

/// What the annotations under kube-ferry.io/ do.
class Settings : public DataplaneFixture {
 protected:
  /// The first of the two in the order of a set, whose turn is first.
  Settings() {
    if (second_.port() < first_.port()) std::swap(first_, second_);
  }

  TestService service(std::vector<config::Backend> backends, std::map<std::string, std::string> annotations) {
    TestService made = new_service("set", std::move(backends));
    made.also = [annotations = std::move(annotations)](config::ServicePortInfo& info) {
      info.annotations = annotations;
      if (annotations.contains("drain-timeout")) info.backends[0].staying = info.backends[0].cluster;
    };
    return made;
  }

  /// Dials so far, and connections open, at the endpoint.
  ConnectionCounters at(const config::Backend& endpoint) {
    for (const ServicePortSnapshot& port : dataplane().snapshot().service_ports) {
      if (!port.detail) continue;
      for (const EndpointSnapshot& one : port.detail->endpoints) {
        if (one.endpoint == endpoint) return one.connections;
      }
    }
    return {};
  }

  /// A connection of each service that has a byte through, so that it is carried.
  TestSocket carried(const TestService& service, const TestListener& listener, TestSocket& server) {
    TestSocket client = connect(service);
    server = listener.accept();
    server.send("!");
    EXPECT_EQ(client.receive(1), "!");
    return client;
  }

  /// Returns once a connection without traffic has been closed for that, so that time has passed.
  void let_pass(milliseconds time) {
    TestListener listener;
    TestService clock = new_service("clock", {backend_at(listener)});
    clock.port = free_port(clock.addresses[0]);
    clock.also = [time](config::ServicePortInfo& info) {
      info.annotations["idle-timeout"] = std::to_string(time.count()) + "ms";
    };
    set(clock);
    const TestSocket client = connect(clock);
    const TestSocket server = listener.accept();
    EXPECT_TRUE(client.at_end());
    remove(clock);
  }

  TestListener first_;
  TestListener second_;
};

TEST_F(Settings, LeastConnectionsGoWhereFewerAreOpen) {
  const TestService least =
      service({backend_at(first_), backend_at(second_)}, {{"load-balancing", "least-connections"}});
  set(least);
  std::vector<TestSocket> clients;
  for (std::uint64_t count = 1; count <= 6; ++count) {
    clients.push_back(connect(least));
    ASSERT_TRUE(wait_until([&] { return at(backend_at(first_)).open + at(backend_at(second_)).open == count; }));
  }
  EXPECT_EQ(at(backend_at(first_)).open, 3U);
  std::vector<TestSocket> servers;
  for (int i = 0; i < 3; ++i) servers.push_back(first_.accept());
  for (const TestSocket& server : servers) server.shutdown_write();
  clients.clear();
  servers.clear();
  for (int i = 0; i < 3; ++i) servers.push_back(second_.accept());
}

TEST_F(Settings, MaglevKeepsEachClientAtItsEndpoint) {
  const TestService maglev = service({backend_at(first_), backend_at(second_)}, {{"load-balancing", "maglev"}});
  set(maglev);
  std::map<std::string, std::set<std::uint16_t>> endpoints;
  for (int round = 0; round < 3; ++round) {
    for (int client = 1; client <= 12; ++client) {
      const std::string from = "127.0.9." + std::to_string(client);
      const std::uint64_t before = at(backend_at(first_)).accepted;
      const std::uint64_t all = counters(maglev).accepted;
      const TestSocket connection = TestSocket::connect(maglev.addresses[0], maglev.port, from);
      ASSERT_TRUE(wait_until([&] {
        return counters(maglev).accepted > all &&
               at(backend_at(first_)).accepted + at(backend_at(second_)).accepted > all;
      }));
      endpoints[from].insert(at(backend_at(first_)).accepted > before ? first_.port() : second_.port());
    }
  }
  std::set<std::uint16_t> all;
  for (const auto& [from, used] : endpoints) {
    EXPECT_EQ(used.size(), 1U) << from;
    all.insert(used.begin(), used.end());
  }
  EXPECT_EQ(all.size(), 2U) << "twelve clients share two endpoints";
}

TEST_F(Settings, AnEndpointHasNoMoreConnectionsThanItMayHave) {
  const TestService limited = service({backend_at(first_), backend_at(second_)}, {{"max-connections", "1"}});
  set(limited);
  const TestSocket one = connect(limited);
  const TestSocket two = connect(limited);
  const TestSocket at_first = first_.accept();
  const TestSocket at_second = second_.accept();
  const TestSocket three = connect(limited);
  EXPECT_TRUE(three.was_reset()) << "after the wait for a place";
  EXPECT_FALSE(first_.pending());
  EXPECT_FALSE(second_.pending());
  EXPECT_EQ(counters(limited).failed, 1U);
  EXPECT_GT(totals().place_waits, 0U);
}

TEST_F(Settings, WhoWaitsForAPlaceGetsTheOneThatIsFree) {
  const TestService limited = service({backend_at(first_)}, {{"max-connections", "1"}});
  set(limited);
  TestSocket one = connect(limited);
  TestSocket server = first_.accept();
  const TestSocket two = connect(limited);
  ASSERT_TRUE(wait_until([&] { return totals().place_waits > 0; }));
  one.close();
  server.close();
  server = first_.accept();
  server.send("yours");
  EXPECT_EQ(two.receive(5), "yours");
}

TEST_F(Settings, AConnectionWithoutTrafficIsClosedInTime) {
  const TestService idle = service({backend_at(first_)}, {{"idle-timeout", "150ms"}});
  set(idle);
  TestSocket server;
  const TestSocket client = carried(idle, first_, server);
  EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(server.at_end());
  EXPECT_EQ(totals().idle_timeouts, 1U);
}

TEST_F(Settings, AStreamWhoseBytesWaitForABusyWorkerIsNotIdle) {
  constexpr milliseconds kIdle{1000};
  const TestService idle = service({backend_at(first_)}, {{"idle-timeout", "1s"}});
  set(idle);
  TestSocket server;
  const TestSocket client = carried(idle, first_, server);
  const std::string bulk(std::size_t{4} << 20U, 'x');
  std::thread sender([&] { client.send(bulk); });
  EXPECT_EQ(server.receive(bulk.size()).size(), bulk.size());
  sender.join();
  std::atomic<bool> listed = false;
  const auto keep_busy = [&](const config::ServicePortName&) {
    client.send("more");
    const auto over = std::chrono::steady_clock::now() + kIdle + milliseconds{50};
    while (std::chrono::steady_clock::now() < over) std::this_thread::yield();
    return true;
  };
  dataplane().list_connections(keep_busy, 1, [&](const ConnectionListing::Result&) { listed = true; });
  EXPECT_EQ(server.receive(4), "more");
  EXPECT_TRUE(wait_until([&] { return listed.load(); }));
}

TEST_F(Settings, ASecondEndpointIsDialledWhenTheFirstTakesTooLong) {
  DataplaneOptions options;
  options.dial_timeouts = {std::chrono::seconds{5}, std::chrono::seconds{5}, std::chrono::seconds{5},
                           std::chrono::seconds{5}};
  use(options);
  const BlackHole hole;
  const TestService hedged = service({backend_at(first_), hole.backend()}, {{"hedged-dial", "true"}});
  set(hedged);
  for (int i = 0; i < 4; ++i) {
    TestSocket server;
    const TestSocket client = carried(hedged, first_, server);
    server.send("quick");
    EXPECT_EQ(client.receive(5), "quick");
  }
  EXPECT_GE(totals().hedges_won, 1U) << "some turns are the black hole's";
  EXPECT_EQ(totals().dial_failures, DialFailures{});
  EXPECT_EQ(at(hole.backend()).open, 0U);
}

TEST_F(Settings, WhenTheFirstFailsTheSecondTakesItsPlace) {
  DataplaneOptions options;
  options.ejection.max_percent = 0;
  options.dial_timeouts = {milliseconds{200}, milliseconds{5000}, milliseconds{5000}, milliseconds{5000}};
  use(options);
  const BlackHole one;
  const BlackHole two;
  const TestService hedged = service({one.backend(), two.backend()}, {{"hedged-dial", "true"}});
  set(hedged);
  const TestSocket client = connect(hedged);
  ASSERT_TRUE(wait_until([&] { return totals().dial_failures.timed_out == 1; }));
  EXPECT_EQ(at(one.backend()).open + at(two.backend()).open, 1U);
  EXPECT_EQ(counters(hedged).open, 1U);
}

TEST_F(Settings, ConnectionsOfAnEndpointThatIsGoneAreDrained) {
  TestService draining = service({backend_at(first_), backend_at(second_)}, {{"drain-timeout", "200ms"}});
  set(draining);
  TestSocket left;
  TestSocket stays;
  const TestSocket leaving = carried(draining, first_, left);
  const TestSocket staying = carried(draining, second_, stays);
  draining.backends = {backend_at(second_)};
  set(draining);
  EXPECT_TRUE(leaving.at_end());
  EXPECT_TRUE(left.at_end());
  EXPECT_EQ(totals().drained, 1U);
  staying.send("still here");
  EXPECT_EQ(stays.receive(10), "still here");
}

TEST_F(Settings, WithoutADrainTimeoutConnectionsOutliveTheirEndpoint) {
  TestService plain = service({backend_at(first_), backend_at(second_)}, {});
  set(plain);
  TestSocket server;
  const TestSocket client = carried(plain, first_, server);
  plain.backends = {backend_at(second_)};
  set(plain);
  let_pass(milliseconds{300});
  client.send("still here");
  EXPECT_EQ(server.receive(10), "still here");
}

class Silence : public Settings {
 protected:
  Silence() {
    DataplaneOptions options;
    options.workers = 2;
    options.dead_peer_timeout = milliseconds{480};
    use(options);
  }
};

TEST_F(Silence, AnEndpointThatAcknowledgesNothingIsTakenForDead) {
  const TestService plain = service({backend_at(first_), backend_at(second_)}, {});
  set(plain);
  TestSocket server;
  const TestSocket client = carried(plain, first_, server);
  fall_silent(server);
  client.send("are you there?");
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(totals().vanished_peers, 1U);
  EXPECT_EQ(totals().ejections, 1U) << "the connections that follow leave it out";
}

TEST_F(Silence, AClientThatAcknowledgesNothingIsTakenForDead) {
  const TestService plain = service({backend_at(first_)}, {});
  set(plain);
  TestSocket server;
  const TestSocket client = carried(plain, first_, server);
  fall_silent(client);
  server.send("are you there?");
  EXPECT_TRUE(server.was_reset());
  EXPECT_EQ(totals().vanished_peers, 1U);
  EXPECT_EQ(totals().ejections, 0U);
}

TEST_F(Silence, ALivePeerThatReadsNothingIsNotCut) {
  const TestService plain = service({backend_at(first_)}, {});
  set(plain);
  TestSocket server;
  const TestSocket client = carried(plain, first_, server);
  const std::string chunk(std::size_t{64} * 1024, 'x');
  std::size_t sent = 0;
  for (ssize_t taken = 0; taken >= 0;) {
    taken = ::send(server.fd(), chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken >= 0) sent += static_cast<std::size_t>(taken);
    // What was taken moves on to where there still is room.
    if (taken < 0) {
      const std::uint64_t moved = counters(plain).bytes_to_client;
      if (wait_until([&] { return counters(plain).bytes_to_client == moved; }) && sent > moved)
        let_pass(milliseconds{50});
      if (counters(plain).bytes_to_client > moved) taken = 0;
    }
  }
  let_pass(milliseconds{1500});
  EXPECT_EQ(totals().vanished_peers, 0U);
  server.shutdown_write();
  EXPECT_EQ(client.receive_rest().size(), sent);
}

TEST_F(Silence, ItIsSwitchedOffForAService) {
  const TestService patient = service({backend_at(first_)}, {{"dead-peer-timeout", "0"}});
  set(patient);
  TestSocket server;
  const TestSocket client = carried(patient, first_, server);
  fall_silent(server);
  client.send("are you there?");
  let_pass(milliseconds{1000});
  EXPECT_EQ(totals().vanished_peers, 0U);
  EXPECT_EQ(counters(patient).open, 1U);
}

/// What was told of connections that have ended; the last of it when the data path stops, after the test's own end.
struct Ended {
  std::mutex mutex;
  std::vector<ConnectionRecord> records;
};

class Records : public DataplaneFixture {
 protected:
  Records() {
    DataplaneOptions options;
    options.on_closed = [ended = ended_](const ConnectionRecord& record) {
      const std::lock_guard lock(ended->mutex);
      ended->records.push_back(record);
    };
    use(options);
  }
  /// The first that ended.
  ConnectionRecord record() {
    EXPECT_TRUE(wait_until([this] {
      const std::lock_guard lock(ended_->mutex);
      return !ended_->records.empty();
    }));
    const std::lock_guard lock(ended_->mutex);
    return ended_->records.empty() ? ConnectionRecord{} : ended_->records.front();
  }

  std::shared_ptr<Ended> ended_ = std::make_shared<Ended>();
};

TEST_F(Records, AConnectionThatHasEndedIsTold) {
  TestListener listener;
  const TestService service = new_service("told", {backend_at(listener)});
  set(service);
  TestSocket client = connect(service);
  const std::uint16_t client_port = client.own_port();
  TestSocket server = listener.accept();
  client.send("hello");
  EXPECT_EQ(server.receive(5), "hello");
  client.close();
  EXPECT_TRUE(server.at_end());
  server.close();
  const ConnectionRecord record = this->record();
  EXPECT_EQ(record.end, ConnectionEnd::kFinished);
  EXPECT_EQ(record.client.port, client_port);
  EXPECT_EQ(record.address.address.to_string(), service.addresses[0]);
  EXPECT_EQ(record.address.port, service.port);
  EXPECT_EQ(record.endpoint, backend_at(listener));
  EXPECT_EQ(record.attempts, 1U);
  EXPECT_EQ(record.bytes_to_backend, 5U);
}

TEST_F(Records, AResetSaysWhoseItWas) {
  TestListener listener;
  const TestService service = new_service("reset", {backend_at(listener)});
  set(service);
  TestSocket client = connect(service);
  TestSocket server = listener.accept();
  server.send("!");
  EXPECT_EQ(client.receive(1), "!");
  client.reset();
  EXPECT_TRUE(server.was_reset());
  EXPECT_EQ(record().end, ConnectionEnd::kResetByClient);
}

TEST_F(Records, AConnectionThatNobodyTookHasTheDialsItCost) {
  const TestService service = new_service("none", {backend("127.0.0.1", free_port("127.0.0.1"))});
  set(service);
  EXPECT_TRUE(connect(service).was_reset());
  const ConnectionRecord record = this->record();
  EXPECT_EQ(record.end, ConnectionEnd::kNoEndpoint);
  EXPECT_EQ(record.attempts, 1U);
  EXPECT_EQ(record.endpoint, std::nullopt);
}

TEST_F(Records, OpenConnectionsAreListed) {
  TestListener listener;
  const TestService service = new_service("listed", {backend_at(listener)});
  set(service);
  std::vector<TestSocket> clients;
  std::vector<TestSocket> servers;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(connect(service));
    servers.push_back(listener.accept());
    servers.back().send("!");
    EXPECT_EQ(clients.back().receive(1), "!");
  }
  const auto list = [this](const std::string& name, std::size_t most) {
    std::optional<ConnectionListing::Result> result;
    std::mutex mutex;
    dataplane().list_connections([name](const config::ServicePortName& port) { return port.service.name == name; },
                                 most,
                                 [&](ConnectionListing::Result made) {
                                   const std::lock_guard lock(mutex);
                                   result = std::move(made);
                                 });
    EXPECT_TRUE(wait_until([&] {
      const std::lock_guard lock(mutex);
      return result.has_value();
    }));
    return *result;
  };
  const auto all = list("listed", 100);
  EXPECT_EQ(all.open, 3U);
  ASSERT_EQ(all.connections.size(), 3U);
  EXPECT_EQ(all.connections[0].state, ConnectionState::kCarried);
  EXPECT_EQ(all.connections[0].bytes_to_client, 1U);
  EXPECT_EQ(all.connections[0].end, std::nullopt);
  EXPECT_EQ(list("listed", 2).connections.size(), 2U);
  EXPECT_TRUE(list("other", 100).connections.empty());
}

}  // namespace
}  // namespace ferry::proxy::testing
