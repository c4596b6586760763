#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>

#include "tests/proxy/dataplane/dataplane_fixture.h"

namespace ferry::proxy::testing {
namespace {

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

/// One service with one backend, and a connection through it.
class Carrying : public DataplaneFixture {
 protected:
  void open() {
    set(service_);
    client_ = connect(service_);
    server_ = listener_.accept();
  }

  TestListener listener_;
  TestService service_ = new_service("echo", {backend_at(listener_)});
  TestSocket client_;
  TestSocket server_;
};

TEST_F(Carrying, BytesPassBothWaysAndAreCounted) {
  open();
  client_.send("hello");
  EXPECT_EQ(server_.receive(5), "hello");
  server_.send("good day");
  EXPECT_EQ(client_.receive(8), "good day");
  const ConnectionCounters now = counters(service_);
  EXPECT_EQ(now.accepted, 1U);
  EXPECT_EQ(now.open, 1U);
  client_.close();
  EXPECT_TRUE(server_.at_end());
  server_.close();
  ASSERT_TRUE(wait_until_none_open());
  EXPECT_EQ(counters(service_), (ConnectionCounters{1, 0, 0, 0, 5, 8}));
}

TEST_F(Carrying, TheServerMaySpeakFirst) {
  open();
  server_.send("220 ready");
  EXPECT_EQ(client_.receive(9), "220 ready");
}

TEST_F(Carrying, AClientThatHasFinishedStillGetsItsAnswer) {
  open();
  client_.send("request");
  client_.shutdown_write();
  EXPECT_EQ(server_.receive_rest(), "request");
  server_.send("answer");
  server_.close();
  EXPECT_EQ(client_.receive_rest(), "answer");
  client_.close();
  EXPECT_TRUE(wait_until_none_open());
}

TEST_F(Carrying, AServerThatHasFinishedIsStillSentTo) {
  open();
  server_.send("that is all");
  server_.shutdown_write();
  EXPECT_EQ(client_.receive_rest(), "that is all");
  client_.send("one more thing");
  client_.close();
  EXPECT_EQ(server_.receive_rest(), "one more thing");
  server_.close();
  EXPECT_TRUE(wait_until_none_open());
}

TEST_F(Carrying, AClientThatClosesAtOnceStillDelivers) {
  set(service_);
  {
    TestSocket client = connect(service_);
    client.send("parting shot");
  }
  server_ = listener_.accept();
  EXPECT_EQ(server_.receive_rest(), "parting shot");
  server_.close();
  EXPECT_TRUE(wait_until_none_open());
}

TEST_F(Carrying, AResetFromTheClientReachesTheServer) {
  open();
  client_.send("x");
  server_.receive(1);
  client_.reset();
  EXPECT_TRUE(server_.was_reset());
  ASSERT_TRUE(wait_until_none_open());
  EXPECT_EQ(totals().resets_passed, 1U);
}

TEST_F(Carrying, AResetFromTheServerReachesTheClient) {
  open();
  // Before the first byte has passed, this would be an endpoint that refused.
  client_.send("x");
  server_.receive(1);
  server_.reset();
  EXPECT_TRUE(client_.was_reset());
  ASSERT_TRUE(wait_until_none_open());
  EXPECT_EQ(totals().resets_passed, 1U);
}

TEST_F(Carrying, AResetAfterAHalfCloseIsPassedToo) {
  open();
  client_.shutdown_write();
  EXPECT_TRUE(server_.at_end());
  client_.reset();
  // A read after the FIN says "end" whatever came later; the error itself is there to be seen.
  EXPECT_TRUE(server_.has_error());
  EXPECT_TRUE(wait_until_none_open());
}

TEST_F(Carrying, BulkBothWaysArrivesUnchangedAndThroughPipes) {
  open();
  const std::string up = pattern(24U << 20U);
  const std::string down = pattern(16U << 20U);
  std::thread sender([&] {
    client_.send(up);
    client_.shutdown_write();
  });
  std::thread server([&] {
    std::thread answer([&] {
      server_.send(down);
      server_.shutdown_write();
    });
    EXPECT_EQ(server_.receive_rest(), up);
    answer.join();
  });
  EXPECT_EQ(client_.receive_rest(), down);
  sender.join();
  server.join();
  EXPECT_GT(totals().pipes, 0U);
  EXPECT_TRUE(wait_until_none_open());
  EXPECT_EQ(counters(service_).bytes_to_backend, up.size());
  EXPECT_EQ(counters(service_).bytes_to_client, down.size());
}

TEST_F(Carrying, ASlowReaderIsHeldForWithinBounds) {
  DataplaneOptions options;
  options.max_pipes_per_worker = 0;
  use(options);
  set(service_);
  client_ = connect(service_);
  server_ = listener_.accept();
  constexpr std::size_t kSize = 32U << 20U;
  std::thread server([&] {
    server_.send(pattern(kSize));
    server_.close();
  });
  EXPECT_TRUE(wait_until([&] { return totals().held_bytes > 0; }));
  std::size_t received = 0;
  std::uint64_t most_held = 0;
  while (received < kSize) {
    const std::size_t got = client_.receive(std::min<std::size_t>(kSize - received, 1U << 20U)).size();
    ASSERT_GT(got, 0U);
    received += got;
    most_held = std::max(most_held, totals().held_bytes);
  }
  server.join();
  EXPECT_TRUE(client_.at_end());
  EXPECT_LE(most_held, 64U * 1024U);
  client_.close();
  EXPECT_TRUE(wait_until_none_open());
  EXPECT_EQ(totals().held_bytes, 0U);
}

TEST_F(Carrying, AHalfClosedConnectionThatStaysSilentIsClosedAndCounted) {
  DataplaneOptions options;
  options.half_close_timeout = std::chrono::milliseconds{20};
  use(options);
  open();
  client_.shutdown_write();
  EXPECT_TRUE(server_.at_end());
  EXPECT_TRUE(wait_until_none_open());
  EXPECT_EQ(totals().half_close_timeouts, 1U);
  EXPECT_TRUE(client_.was_reset());
}

TEST_F(Carrying, AnOpenConnectionIsNotBoundByTheHalfCloseTimeout) {
  DataplaneOptions options;
  options.half_close_timeout = std::chrono::milliseconds{1};
  use(options);
  open();
  TestSocket other = connect(service_);
  TestSocket other_server = listener_.accept();
  other.shutdown_write();
  ASSERT_TRUE(wait_until([&] { return totals().half_close_timeouts == 1; }));
  client_.send("still here");
  EXPECT_EQ(server_.receive(10), "still here");
}

TEST_F(Carrying, UrgentDataStaysInTheStream) {
  open();
  client_.send("before");
  ::send(client_.fd(), "!", 1, MSG_OOB);
  client_.send("after");
  EXPECT_EQ(server_.receive(12), "before!after");
}

TEST_F(Carrying, Ipv6ServicesAreCarriedToIpv6Backends) {
  TestListener backend6("::1");
  TestService service{
      "six", {ipv6_service_address()}, free_port("::1"), {backend_at(backend6)}, config::Protocol::kTcp};
  set(service);
  TestSocket client = connect(service);
  TestSocket server = backend6.accept();
  client.send("six");
  EXPECT_EQ(server.receive(3), "six");
}

TEST_F(Carrying, ADualStackServicePicksTheBackendsOfTheAddressFamily) {
  TestListener backend6("::1");
  TestService service = new_service("dual", {backend_at(listener_), backend_at(backend6)});
  service.addresses.push_back(ipv6_service_address());
  set(service);
  TestSocket four = TestSocket::connect(service.addresses[0], service.port);
  TestSocket six = TestSocket::connect(ipv6_service_address(), service.port);
  listener_.accept().send("four");
  backend6.accept().send("six");
  EXPECT_EQ(four.receive(4), "four");
  EXPECT_EQ(six.receive(3), "six");
}

TEST_F(Carrying, ConnectionsSpreadOverTheWorkers) {
  DataplaneOptions options;
  options.workers = 4;
  use(options);
  set(service_);
  constexpr std::uint64_t kConnections = 400;
  std::vector<TestSocket> open;
  for (std::uint64_t i = 0; i < kConnections; ++i) {
    open.push_back(connect(service_));
    open.push_back(listener_.accept());
  }
  const std::vector<std::uint64_t> spread = totals().accepted_by_worker;
  ASSERT_EQ(spread.size(), 4U);
  for (const std::uint64_t accepted : spread) {
    EXPECT_GT(accepted, kConnections / 4 / 2) << ::testing::PrintToString(spread);
    EXPECT_LT(accepted, kConnections / 4 * 3 / 2) << ::testing::PrintToString(spread);
  }
}

TEST_F(Carrying, ABurstSpreadsOverTheWorkersToo) {
  DataplaneOptions options;
  options.workers = 4;
  use(options);
  set(service_);
  constexpr std::uint64_t kConnections = 200;
  std::vector<TestSocket> clients;
  for (std::uint64_t i = 0; i < kConnections; ++i) {
    clients.push_back(connect(service_));
  }
  ASSERT_TRUE(wait_until([&] { return counters(service_).accepted == kConnections; }));
  const std::vector<std::uint64_t> spread = totals().accepted_by_worker;
  for (const std::uint64_t accepted : spread) {
    EXPECT_GT(accepted, kConnections / 4 * 3 / 4) << ::testing::PrintToString(spread);
    EXPECT_LT(accepted, kConnections / 4 * 5 / 4) << ::testing::PrintToString(spread);
  }
}

}  // namespace
}  // namespace ferry::proxy::testing
