#include "proxy/dataplane/acceptor.h"

#include <cerrno>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/relay/source_filter.h"
#include "proxy/relay/tcp_socket.h"
#include "tests/proxy/relay/test_sockets.h"

namespace ferry::proxy {
namespace {

using testing::TestListener;
using testing::TestSocket;

/// An acceptor without a thread: it does something only when it is told to.
class AcceptorTest : public ::testing::Test {
 protected:
  AcceptorTest() {
    config::BackendSet set;
    set.backends.push_back({backend_.address(), backend_.port(), false, false});
    port_->state.sets[SetChoice{}.index()] = std::make_shared<const config::BackendSet>(set);

    const std::uint16_t port = testing::free_port("127.0.0.1");
    socket_->at = {backend_.address(), port};
    socket_->fd = open_listener(backend_.address(), port, 64).fd;
    socket_->watchers = 1;
    const Frontend frontend{
        .at = socket_->at, .refused = false, .admission = {}, .scope = Scope::kCluster, .insiders = nullptr};
    acceptor_.listen(socket_, port_, std::make_shared<const Frontend>(frontend));
  }

  TestSocket connect() { return TestSocket::connect("127.0.0.1", socket_->at.port); }

  const Acceptor::TimePoint now_ = std::chrono::steady_clock::now();
  DataplaneOptions options_;
  Poller poller_;
  RelayResources resources_{1U << 20U, 1};
  WorkerCounters counters_;
  AffinityTable affinity_;
  Carrier carrier_{poller_, resources_, counters_, affinity_, options_, now_};
  int closed_ = 0;
  HeaderReader headers_{poller_, counters_, [](UniqueFd, const Target&, const Peer&, Acceptor::TimePoint) {}};
  Acceptor acceptor_{poller_,
                     carrier_,
                     headers_,
                     counters_,
                     true,
                     [](UniqueFd&, const Arrival&, const WorkerPort&) { return false; },
                     [this](const ListenSocket& /*socket*/) { ++closed_; }};
  TestListener backend_;
  std::shared_ptr<WorkerPort> port_ = std::make_shared<WorkerPort>(
      std::make_shared<ServedPort>(config::ServicePortName{{"ns", "service"}, "", config::Protocol::kTcp},
                                   std::size_t{1}, options_.ejection),
      std::size_t{0});
  std::shared_ptr<ListenSocket> socket_ = std::make_shared<ListenSocket>();
};

TEST_F(AcceptorTest, LettingGoLastTakesEveryCompletedHandshakeAndThenRefuses) {
  std::vector<TestSocket> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(connect());
  }
  ASSERT_EQ(admit_only(socket_->fd.get(), config::AddressFamily::kIpv4, {}), 0);
  acceptor_.unlisten(*socket_, now_);
  EXPECT_EQ(carrier_.open(), 20U);
  EXPECT_EQ(closed_, 1);
  for (const TestSocket& client : clients) {
    EXPECT_FALSE(client.readable_now());
  }
  EXPECT_EQ(testing::connect_error("127.0.0.1", socket_->at.port), ECONNREFUSED);
}

TEST_F(AcceptorTest, AFilteredListenerLetsNobodyNewIn) {
  ASSERT_EQ(admit_only(socket_->fd.get(), config::AddressFamily::kIpv4, {}), 0);
  const SocketResult late = start_connect(socket_->at.address, socket_->at.port);
  ASSERT_EQ(late.error, 0);
  acceptor_.unlisten(*socket_, now_);
  EXPECT_EQ(carrier_.open(), 0U);
}

TEST_F(AcceptorTest, AnotherWorkerKeepsTheSocketOpen) {
  socket_->watchers = 2;
  const TestSocket client = connect();
  acceptor_.unlisten(*socket_, now_);
  EXPECT_EQ(carrier_.open(), 0U);
  EXPECT_EQ(closed_, 0);
  EXPECT_TRUE(socket_->fd);
}

TEST_F(AcceptorTest, ABurstIsAcceptedInAFewTurns) {
  std::vector<TestSocket> clients;
  for (int i = 0; i < 60; ++i) {
    clients.push_back(connect());
  }
  int turns = 0;
  for (auto events = poller_.poll(); carrier_.open() < clients.size() && turns < 100;
       events = poller_.poll(), ++turns) {
    for (const epoll_event& event : events) {
      if (EventTag(event).kind() == EventTag::Kind::kListener) {
        acceptor_.ready(EventTag(event).target<Acceptor::Watch>(), now_);
      }
    }
  }
  EXPECT_EQ(carrier_.open(), clients.size());
  EXPECT_LE(turns, 8);
}

}  // namespace
}  // namespace ferry::proxy
