#include <mutex>
#include <vector>

#include <linux/filter.h>
#include <sys/socket.h>

#include "tests/proxy/dataplane/dataplane_fixture.h"
#include "tests/proxy/relay/test_datagrams.h"

namespace ferry::proxy::testing {
namespace {

using std::chrono::milliseconds;

/// What a reload may change while connections are carried.
class RuntimeOptionsTest : public DataplaneFixture {
 protected:
  RuntimeOptions options() const {
    return {.half_close_timeout = std::chrono::minutes{15},
            .dead_peer_timeout = std::chrono::minutes{15},
            .udp_idle_timeout = std::chrono::minutes{15},
            .on_closed = {},
            .max_ejected_percent = 50};
  }
  void change(const RuntimeOptions& options) {
    dataplane().use(options);
    ASSERT_TRUE(wait_until_done());
  }
  TestSocket carried(const TestService& service, TestSocket& server) {
    TestSocket client = connect(service);
    server = listener_.accept();
    server.send("!");
    EXPECT_EQ(client.receive(1), "!");
    return client;
  }

  TestListener listener_;
  TestService service_ = new_service("run", {backend_at(listener_)});
};

TEST_F(RuntimeOptionsTest, AnotherHalfCloseTimeoutCountsForWhatIsHalfClosed) {
  set(service_);
  TestSocket server;
  const TestSocket client = carried(service_, server);
  client.shutdown_write();
  EXPECT_TRUE(server.at_end());
  RuntimeOptions shorter = options();
  shorter.half_close_timeout = milliseconds{50};
  change(shorter);
  EXPECT_TRUE(client.was_reset());
  EXPECT_TRUE(wait_until([&] { return totals().half_close_timeouts == 1; }));
}

TEST_F(RuntimeOptionsTest, AnotherDeadPeerTimeoutCountsForNewConnections) {
  set(service_);
  RuntimeOptions shorter = options();
  shorter.dead_peer_timeout = milliseconds{300};
  change(shorter);
  TestSocket server;
  const TestSocket client = carried(service_, server);
  // Its kernel acknowledges nothing any more.
  sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &drop};
  ASSERT_EQ(::setsockopt(server.fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
  client.send("anybody there?");
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(totals().vanished_peers, 1U);
}

TEST_F(RuntimeOptionsTest, WhoIsToldOfEndedConnectionsCanChange) {
  std::mutex mutex;
  std::vector<ConnectionRecord> told;
  set(service_);
  const auto end_one = [&] {
    const std::uint64_t closed = counters(service_).accepted + 1;
    {
      TestSocket server;
      carried(service_, server);
    }
    EXPECT_TRUE(wait_until([&] { return counters(service_).accepted == closed && counters(service_).open == 0; }));
  };
  end_one();
  RuntimeOptions telling = options();
  telling.on_closed = [&](const ConnectionRecord& record) {
    const std::lock_guard lock(mutex);
    told.push_back(record);
  };
  change(telling);
  end_one();
  change(options());
  end_one();
  const std::lock_guard lock(mutex);
  EXPECT_EQ(told.size(), 1U);
}

TEST_F(RuntimeOptionsTest, TheShareOfEjectedEndpointsCanBecomeNone) {
  RuntimeOptions never = options();
  never.max_ejected_percent = 0;
  TestListener gone;
  const TestService service = new_service("halved", {backend_at(listener_), backend_at(gone)});
  gone.close();
  change(never);
  set(service);
  const auto call = [&] {
    const TestSocket client = connect(service);
    listener_.accept().send("!");
    EXPECT_EQ(client.receive(1), "!");
  };
  for (int i = 0; i < 4; ++i) call();
  EXPECT_EQ(totals().ejections, 0U);
  change(options());
  for (int i = 0; i < 4; ++i) call();
  EXPECT_GE(totals().ejections, 1U);
}

TEST_F(RuntimeOptionsTest, AnotherIdleTimeoutCountsForFlowsThatAreOpen) {
  const TestDatagrams backend;
  TestService service = new_service("flows", {{backend.self().address, backend.self().port, false, false}});
  service.protocol = config::Protocol::kUdp;
  set(service);
  change(options());
  const TestDatagrams client;
  client.send("?", {config::IpAddress::parse(service.addresses[0]).value(), service.port});
  EXPECT_EQ(backend.receive().bytes, "?");
  EXPECT_EQ(totals().flows.open, 1U);
  RuntimeOptions shorter = options();
  shorter.udp_idle_timeout = milliseconds{20};
  change(shorter);
  EXPECT_TRUE(wait_until([&] { return totals().flows.open == 0; }));
}

}  // namespace
}  // namespace ferry::proxy::testing
