#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/proxy/steering/steering_fixture.h"

namespace ferry::proxy {
namespace {

TEST_F(SteeringTest, AnEndpointThatRefusesIsToldOfAtOnce) {
  attach();
  const Place a = listen("127.0.0.1");
  listeners_.clear();
  serve(info({a}));
  EXPECT_EQ(connect(service_), ECONNREFUSED);
  run_until_troubled();
  EXPECT_EQ(troubles_[0].name, name_);
  EXPECT_EQ(troubles_[0].endpoint, (config::Backend{.address = a.address, .port = a.port}));
  EXPECT_EQ(troubles_[0].error, ECONNREFUSED);
}

TEST_F(SteeringTest, AnEndpointThatIsSilentIsToldOfWithTheFirstSynThatIsSentAgain) {
  attach();
  const Place a = listen_without_an_answer("127.0.0.1");
  serve(info({a}));
  connect(service_, true, SOCK_NONBLOCK);
  run_until_troubled();
  EXPECT_EQ(troubles_[0].endpoint.port, a.port);
  EXPECT_EQ(troubles_[0].error, 0);
}

TEST_F(SteeringTest, ConnectionsAreCounted) {
  attach();
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  UniqueFd server(::accept4(listeners_.at(a.port).get(), nullptr, nullptr, 0));
  ASSERT_EQ(::send(socket_.get(), "hello", 5, 0), 5);
  std::array<char, 8> text{};
  ASSERT_EQ(::recv(server.get(), text.data(), text.size(), 0), 5);
  ASSERT_EQ(::send(server.get(), "hi", 2, 0), 2);
  ASSERT_EQ(::recv(socket_.get(), text.data(), text.size(), 0), 2);
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1}));
  server.reset();
  ASSERT_EQ(::recv(socket_.get(), text.data(), text.size(), 0), 0);
  socket_.reset();
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1, .closed = 1, .bytes_to_endpoint = 5, .bytes_to_client = 2}));
}

TEST_F(SteeringTest, AClientThatGivesUpSaysNothingOfTheEndpoint) {
  attach();
  const Place a = listen_without_an_answer("127.0.0.1");
  serve(info({a}));
  connect(service_, true, SOCK_NONBLOCK);
  EXPECT_EQ(counters(), SteeredCounters{.dialled = 1});
  socket_.reset();
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1, .given_up = 1}));
  loop_.poll();
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(SteeringTest, AClientThatHasWaitedBeforeItGivesUpTellsOfTheEndpoint) {
  SteeringOptions options = pinned();
  options.most_connections = 1;
  attach(options);
  const Place a = listen_without_an_answer("127.0.0.1");
  serve(info({a}));
  connect(service_, true, SOCK_NONBLOCK);
  begin_a_second_earlier();
  socket_.reset();
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1, .given_up = 1}));
  run_until_troubled();
  EXPECT_EQ(troubles_[0].endpoint.port, a.port);
  EXPECT_EQ(troubles_[0].error, 0);
}

TEST_F(SteeringTest, ASocketThatIsConnectedElsewhereIsSteeredNoMore) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  sockaddr_in6 nobody{};
  nobody.sin6_family = AF_UNSPEC;
  ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&nobody), sizeof(nobody)), 0);
  const sockaddr_in6 other = v6_of(b);
  ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&other), sizeof(other)), 0);
  EXPECT_EQ(peer(), b);
  EXPECT_EQ(counters(), SteeredCounters{.dialled = 1});
  end_from_the_other_side(b);
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1, .given_up = 1})) << "bytes of the other one are none of ours";
}

TEST_F(SteeringTest, ASocketThatIsSteeredOnceMoreIsTwoConnections) {
  attach();
  serve(info({{ip("192.0.2.1"), 80}}));
  ASSERT_EQ(connect(service_), ENETUNREACH);
  EXPECT_EQ(counters(), SteeredCounters{.dialled = 1});
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  const sockaddr_in6 again = v6_of(service_);
  ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&again), sizeof(again)), 0);
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 2, .given_up = 1}));
  end_from_the_other_side(a);
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 2, .given_up = 1, .closed = 1, .bytes_to_client = 2}));
  loop_.poll();
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(SteeringTest, AConnectionThatIsResetHasNotFailed) {
  attach();
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  UniqueFd server(::accept4(listeners_.at(a.port).get(), nullptr, nullptr, 0));
  ASSERT_EQ(::send(socket_.get(), "hello", 5, 0), 5);
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(server.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
  server.reset();
  EXPECT_EQ(counters(), SteeredCounters{.dialled = 1});
  socket_.reset();
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1, .closed = 1, .bytes_to_endpoint = 5}));
  loop_.poll();
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(SteeringTest, WhatIsRememberedOfASocketGoesWithIt) {
  SteeringOptions options;
  options.most_connections = 2;
  attach(options);
  come_and_go();
  serve(info({listen("127.0.0.2")}));
  const auto held = connect_as_many_as_fit();
  EXPECT_EQ(held.size(), 2U) << "the rest is left to the relay";
  EXPECT_EQ(counters().dialled, 42U);
}

// The first one has the only slot.
TEST_F(SteeringTest, WhatIsRememberedOfASocketWhoseSlotAnotherHasGoesWithIt) {
  SteeringOptions options;
  options.most_connections = 2;
  attach(options);
  serve(info({listen("127.0.0.2")}));
  ASSERT_EQ(connect(service_), 0);
  UniqueFd first = std::move(socket_);
  come_and_go();
  const Place b = listen("127.0.0.3");
  serve(info({b}));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(peer(), service_);
  std::swap(first, socket_);
  EXPECT_EQ(peer(), service_);
  std::swap(first, socket_);
  EXPECT_EQ(counters().open(), 2U);
  EXPECT_EQ(arrived(b), 1U);
  socket_.reset();
  EXPECT_EQ(connect_as_many_as_fit().size(), 1U);
}

TEST_F(SteeringTest, ASocketThatIsConnectedAgainMayFindItsSlotFree) {
  SteeringOptions options;
  options.most_connections = 2;
  attach(options);
  const Place a = listen("127.0.0.2");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  UniqueFd first = std::move(socket_);
  serve(info({{ip("192.0.2.1"), 80}}));
  ASSERT_EQ(connect(service_), ENETUNREACH);
  EXPECT_EQ(arrived(a), 1U);
  first.reset();
  serve(info({a}));
  const sockaddr_in6 again = v6_of(service_);
  ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&again), sizeof(again)), 0);
  EXPECT_EQ(peer(), service_);
  EXPECT_EQ(arrived(a), 1U);
  socket_.reset();
  EXPECT_EQ(connect_as_many_as_fit().size(), 2U);
}

TEST_F(SteeringTest, NothingIsToldOfAnEndpointThatHasGone) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  const Place late = listen("127.0.0.3");
  ASSERT_EQ(::listen(listeners_.at(a.port).get(), 0), 0);
  serve(info({a}));
  std::vector<UniqueFd> waiting;
  for (int count = 0; count < 3; ++count) {
    connect(service_, true, SOCK_NONBLOCK);
    waiting.push_back(std::move(socket_));
  }
  listeners_.erase(late.port);
  serve(info({b, late}));
  // By then the SYNs to the one before were sent again, too.
  while (troubles_.empty() || counters().dialled < 40) {
    connect(service_, true, SOCK_NONBLOCK);
    if (loop_.run_one_for(std::chrono::milliseconds(50)) == 0) loop_.restart();
  }
  for (const SteeringTrouble& trouble : troubles_) EXPECT_EQ(trouble.endpoint.port, late.port);
}

}  // namespace
}  // namespace ferry::proxy
