#include <cerrno>
#include <optional>
#include <vector>

#include "tests/proxy/dataplane/dataplane_fixture.h"

namespace ferry::proxy::testing {
namespace {

using Clock = std::chrono::steady_clock;

class Shutdown : public DataplaneFixture {
 protected:
  void drain(Clock::duration grace) {
    dataplane().stop_accepting();
    dataplane().drain(Clock::now() + grace, [this](Dataplane::DrainResult result) { drained_ = result; });
  }

  TestListener listener_;
  TestService service_ = new_service("work", {backend_at(listener_)});
  std::optional<Dataplane::DrainResult> drained_;
};

TEST_F(Shutdown, WithoutConnectionsDrainsAtOnce) {
  set(service_);
  drain(std::chrono::hours{1});
  ASSERT_TRUE(wait_until([&] { return drained_.has_value(); }));
  EXPECT_EQ(drained_->cancelled, 0U);
  EXPECT_EQ(connect_error(service_), ECONNREFUSED);
}

TEST_F(Shutdown, WaitsForTheLastConnectionToEnd) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  drain(std::chrono::hours{1});
  ASSERT_TRUE(wait_until([&] { return connect_error(service_) == ECONNREFUSED; }));
  EXPECT_FALSE(drained_);
  client.send("finish this");
  EXPECT_EQ(server.receive(11), "finish this");
  client.close();
  server.close();
  ASSERT_TRUE(wait_until([&] { return drained_.has_value(); }));
  EXPECT_EQ(drained_->cancelled, 0U);
}

TEST_F(Shutdown, ResetsWhatRemainsAtTheDeadline) {
  set(service_);
  std::vector<TestSocket> clients;
  std::vector<TestSocket> servers;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(connect(service_));
    servers.push_back(listener_.accept());
  }
  drain(std::chrono::milliseconds{10});
  ASSERT_TRUE(wait_until([&] { return drained_.has_value(); }));
  EXPECT_EQ(drained_->cancelled, 10U);
  for (TestSocket& client : clients) {
    EXPECT_TRUE(client.was_reset());
  }
}

TEST_F(Shutdown, ChangesAfterItOpenNoListener) {
  dataplane().stop_accepting();
  set(service_);
  EXPECT_EQ(connect_error(service_), ECONNREFUSED);
}

TEST_F(Shutdown, StoppingEndsIdleConnectionsAndMayBeRepeated) {
  set(service_);
  TestSocket client = connect(service_);
  TestSocket server = listener_.accept();
  dataplane().stop();
  dataplane().stop();
  EXPECT_TRUE(client.was_reset());
  EXPECT_TRUE(server.was_reset());
  EXPECT_EQ(connect_error(service_), ECONNREFUSED);
  EXPECT_EQ(totals().connections.open, 0U);
}

TEST_F(Shutdown, ADataplaneThatWasNeverStartedEndsQuietly) {
  Dataplane unused(control_.get_executor(), DataplaneOptions{});
  EXPECT_EQ(unused.snapshot().listeners, 0U);
  unused.stop_accepting();
  unused.drain(Clock::now() + std::chrono::hours{1}, [this](Dataplane::DrainResult result) { drained_ = result; });
  EXPECT_TRUE(wait_until([&] { return drained_.has_value(); }));
}

}  // namespace
}  // namespace ferry::proxy::testing
