#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <spdlog/sinks/null_sink.h>

#include "tests/proxy/dataplane/black_hole.h"
#include "tests/proxy/dataplane/dataplane_fixture.h"
#include "tests/proxy/relay/test_datagrams.h"

namespace ferry::proxy::testing {
namespace {

/// One data path takes the place of another, as the daemon has them do it in two processes.
class Succession : public DataplaneFixture {
 protected:
  ~Succession() override {
    if (heir_) heir_->stop();
    heir_.reset();
  }

  /// An heir that is told of these services, and serves nothing yet.
  Dataplane& heir(const std::vector<TestService>& services) {
    DataplaneOptions options;
    options.workers = 2;
    options.capture = wanted_capture();
    options.heir = true;
    heir_ = std::make_unique<Dataplane>(
        control_.get_executor(), options,
        std::make_shared<spdlog::logger>("heir", std::make_shared<spdlog::sinks::null_sink_mt>()));
    heir_->start();
    for (const TestService& service : services) {
      const config::ServicePortChange change = change_to(service);
      heir_->apply({{change.name, nullptr, change.after}});
    }
    return *heir_;
  }

  void release() {
    heir_->inherit(dataplane().bequeath());
    std::optional<Dataplane::Held> held;
    dataplane().hold([&held](Dataplane::Held what) { held = std::move(what); });
    ASSERT_TRUE(wait_until([&] { return held.has_value(); }));
    heir_->take_affinities(held->affinities);
    for (HandedFlow& flow : held->flows) heir_->take_flow(std::move(flow));
  }

  void replace() {
    release();
    heir_->take_effect();
    bool left = false;
    dataplane().leave_listeners([&left] { left = true; });
    ASSERT_TRUE(wait_until([&] { return left; }));
  }

  std::vector<HandedConnection> given(std::size_t& left) {
    std::optional<std::vector<HandedConnection>> given;
    dataplane().give_connections(64, [&](std::vector<HandedConnection> what, std::size_t more) {
      given = std::move(what);
      left = more;
    });
    EXPECT_TRUE(wait_until([&] { return given.has_value(); }));
    return std::move(*given);
  }

  /// Until none is left.
  void move_connections() {
    for (std::size_t left = 1; left > 0;) {
      for (HandedConnection& connection : given(left)) heir_->take_connection(std::move(connection));
    }
  }

  DataplaneTotals heirs() { return heir_->snapshot().totals; }

  TestListener listener_;
  TestService service_ = new_service("office", {backend_at(listener_)});
  std::unique_ptr<Dataplane> heir_;
};

TEST_F(Succession, AConnectionGoesOnWhereItWas) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  client.send("before");
  ASSERT_EQ(server.receive(6), "before");
  heir({service_});
  replace();
  move_connections();
  EXPECT_EQ(totals().connections.open, 0U);
  EXPECT_EQ(totals().given, 1U);
  ASSERT_TRUE(wait_until([&] { return heirs().taken_over == 1; }));
  client.send("after");
  EXPECT_EQ(server.receive(5), "after");
  server.send("answer");
  EXPECT_EQ(client.receive(6), "answer");
  EXPECT_EQ(heirs().connections.open, 1U);
  server.close();
  EXPECT_TRUE(client.at_end());
}

TEST_F(Succession, ConnectionsThatWaitToBeTakenAreTakenByTheHeir) {
  set(service_);
  heir({service_});
  release();
  TestSocket client = connect(service_);
  client.send("early");
  EXPECT_EQ(totals().connections.accepted, 0U);
  heir_->take_effect();
  TestSocket server = listener_.accept();
  EXPECT_EQ(server.receive(5), "early");
  EXPECT_EQ(totals().connections.accepted, 0U);
}

TEST_F(Succession, WhatASlowReaderHasNotTakenYetReachesItWholeAndInOrder) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  std::string sent;
  for (int number = 0; sent.size() < std::size_t{12} << 20U; ++number) sent += std::to_string(number) + " ";
  std::thread sender([&] {
    server.send(sent);
    server.shutdown_write();
  });
  std::string got = client.receive(1000);
  ASSERT_TRUE(wait_until([&] { return totals().connections.bytes_to_client > 100'000; }));
  heir({service_});
  replace();
  std::thread reader([&] { got += client.receive_rest(); });
  move_connections();
  sender.join();
  reader.join();
  EXPECT_TRUE(got == sent) << "of " << sent.size() << " bytes came " << got.size();
}

TEST_F(Succession, WhatIsHeldForAReaderThatDoesNotReadGoesAlong) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  std::string sent;
  // So little at a time that it is copied rather than spliced.
  while (totals().held_bytes == 0) {
    const std::string part(8192, static_cast<char>('a' + sent.size() / 8192 % 26));
    server.send(part);
    sent += part;
    ASSERT_TRUE(
        wait_until([&] { return totals().connections.bytes_to_client == sent.size() || totals().held_bytes > 0; }));
  }
  heir({service_});
  replace();
  move_connections();
  server.close();
  EXPECT_TRUE(client.receive_rest() == sent);
}

TEST_F(Succession, AHalfClosedConnectionStaysSo) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  client.send("question");
  client.shutdown_write();
  ASSERT_EQ(server.receive_rest(), "question");
  heir({service_});
  replace();
  move_connections();
  server.send("answer");
  server.close();
  EXPECT_EQ(client.receive_rest(), "answer");
  EXPECT_TRUE(wait_until([&] { return heirs().connections.open == 0; }));
}

TEST_F(Succession, AResetAfterItIsPassedOn) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  heir({service_});
  replace();
  move_connections();
  ASSERT_TRUE(wait_until([&] { return heirs().taken_over == 1; }));
  client.reset();
  EXPECT_TRUE(server.was_reset());
}

TEST_F(Succession, AConnectionOfAServiceThatIsGoneGoesOn) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  heir({});
  replace();
  move_connections();
  client.send("still here");
  EXPECT_EQ(server.receive(10), "still here");
  EXPECT_EQ(connect_error(service_), ECONNREFUSED);
}

TEST_F(Succession, NoListeningSocketIsLeftBehind) {
  set(service_);
  heir({service_});
  replace();
  connect(service_);
  const config::ServicePortChange change = change_to_none(service_);
  heir_->apply({change});
  EXPECT_TRUE(wait_until([&] { return connect_error(service_) == ECONNREFUSED; }));
}

TEST_F(Succession, ADatagramFlowKeepsItsEndpointAndTheSocketItIsKnownBy) {
  const TestDatagrams backend;
  TestService service = new_service("names", {{backend.self().address, backend.self().port, false, false}});
  service.protocol = config::Protocol::kUdp;
  const Peer at{config::IpAddress::parse(service.addresses[0]).value(), service.port};
  set(service);
  const TestDatagrams client;
  client.send("one", at);
  const TestDatagrams::Received first = backend.receive();
  ASSERT_EQ(first.bytes, "one");
  heir({service});
  release();
  client.send("two", at);
  heir_->take_effect();
  const TestDatagrams::Received second = backend.receive();
  EXPECT_EQ(second.bytes, "two");
  EXPECT_EQ(second.from, first.from);
  backend.send("both", second.from);
  const TestDatagrams::Received answer = client.receive();
  EXPECT_EQ(answer.bytes, "both");
  EXPECT_EQ(answer.from, at);
  EXPECT_EQ(heirs().flows.open, 1U);
}

TEST_F(Succession, AClientKeepsTheEndpointOfItsAffinity) {
  const TestListener other;
  service_.backends.push_back(backend_at(other));
  service_.also = [](config::ServicePortInfo& info) {
    info.session_affinity = config::SessionAffinity::kClientIp;
    info.affinity_timeout = std::chrono::hours{3};
  };
  set(service_);
  connect(service_);
  ASSERT_TRUE(wait_until([&] { return listener_.pending() || other.pending(); }));
  const TestListener& chosen = listener_.pending() ? listener_ : other;
  heir({service_});
  replace();
  for (int count = 0; count < 4; ++count) {
    chosen.accept();
    connect(service_);
    EXPECT_TRUE(wait_until([&] { return chosen.pending(); }));
  }
}

TEST_F(Succession, WhenTheHeirFailsAllGoesOnAndNothingThatCameMeanwhileIsLost) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  const Inheritance copies = dataplane().bequeath();
  TestService second = new_service("branch", service_.backends);
  second.addresses = {service_.addresses[0]};
  second.port = free_port(second.addresses[0]);
  dataplane().apply({change_to(second)});
  std::optional<Dataplane::Held> held;
  dataplane().hold([&held](Dataplane::Held what) { held = std::move(what); });
  ASSERT_TRUE(wait_until([&] { return held.has_value(); }));
  TestSocket early = connect(service_);
  EXPECT_EQ(connect_error(second), ECONNREFUSED);
  dataplane().resume();
  early.send("early");
  EXPECT_EQ(listener_.accept().receive(5), "early");
  ASSERT_TRUE(wait_until_done());
  connect(second);
  EXPECT_TRUE(wait_until([&] { return listener_.pending(); }));
  client.send("on");
  EXPECT_EQ(server.receive(2), "on");
}

TEST_F(Succession, WhatTheHeirCouldNotTakeIsTakenBack) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  heir({service_});
  replace();
  std::size_t left = 1;
  std::vector<HandedConnection> connections = given(left);
  ASSERT_EQ(connections.size(), 1U);
  EXPECT_EQ(left, 0U);
  client.send("meanwhile");
  dataplane().take_connection(std::move(connections.front()));
  EXPECT_EQ(server.receive(9), "meanwhile");
  EXPECT_EQ(totals().connections.open, 1U);
}

TEST_F(Succession, AConnectionThatIsBeingDialledIsNotGiven) {
  const BlackHole silent;
  TestService slow = new_service("slow", {silent.backend()});
  set(slow);
  TestSocket client = connect(slow);
  ASSERT_TRUE(wait_until([&] { return totals().connections.open == 1; }));
  heir({slow});
  replace();
  std::size_t left = 0;
  EXPECT_TRUE(given(left).empty());
  EXPECT_EQ(left, 1U);
}

}  // namespace
}  // namespace ferry::proxy::testing
