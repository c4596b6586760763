#include "proxy/relay/direction.h"

#include <memory>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/proxy/relay/test_sockets.h"

namespace ferry::proxy {
namespace {

using testing::TestSocket;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

/// sender_ -> from_ | direction | to_ -> receiver_, the middle driven by hand.
class DirectionTest : public ::testing::Test {
 protected:
  DirectionTest() { connect(std::size_t{1} << 20U, 8); }
  ~DirectionTest() override { direction_->release(*resources_); }

  void connect(std::size_t max_held, std::size_t pipes) {
    if (direction_) {
      direction_->release(*resources_);
    }
    resources_ = std::make_unique<RelayResources>(max_held, pipes);
    direction_ = std::make_unique<Direction>();
    auto [sender, from] = testing::connected_pair();
    auto [to, receiver] = testing::connected_pair();
    sender_ = std::move(sender);
    receiver_ = std::move(receiver);
    set_leg(from_, from);
    set_leg(to_, to);
  }

  static void set_leg(Leg& leg, const TestSocket& socket) {
    leg = Leg{};
    leg.fd = UniqueFd(::fcntl(socket.fd(), F_DUPFD_CLOEXEC, 0));
    ::fcntl(leg.fd.get(), F_SETFL, O_NONBLOCK);
    leg.writable = true;
  }

  /// Waits until the sender's bytes have arrived, then pumps once.
  Direction::Result pump() {
    pollfd polled{from_.fd.get(), POLLIN | POLLRDHUP, 0};
    ::poll(&polled, 1, 10'000);
    from_.note((polled.revents & POLLRDHUP) != 0 ? EPOLLIN | EPOLLRDHUP : EPOLLIN);
    return direction_->pump(from_, to_, *resources_);
  }

  /// Fills what the kernel keeps for the receiver, until this direction holds bytes of its own.
  std::size_t block() {
    std::size_t sent = 0;
    const std::string chunk = pattern(16 * 1024);
    while (to_.writable) {
      sender_.send(chunk);
      sent += chunk.size();
      pump();
    }
    return sent;
  }

  std::unique_ptr<RelayResources> resources_;
  std::unique_ptr<Direction> direction_;
  TestSocket sender_;
  TestSocket receiver_;
  Leg from_;
  Leg to_;
};

TEST_F(DirectionTest, NothingToReadMeansWaiting) {
  const Direction::Result result = direction_->pump(from_, to_, *resources_);
  EXPECT_EQ(result.state, Direction::State::kWaiting);
  EXPECT_EQ(result.moved, 0U);
}

TEST_F(DirectionTest, ASmallMessagePassesAndLeavesNothingHeld) {
  sender_.send("hello");
  const Direction::Result result = pump();
  EXPECT_EQ(result.state, Direction::State::kWaiting);
  EXPECT_EQ(result.moved, 5U);
  EXPECT_FALSE(from_.readable);
  EXPECT_EQ(receiver_.receive(5), "hello");
  EXPECT_EQ(resources_->held.value(), 0U);
}

TEST_F(DirectionTest, WithTheFinAlreadyHereOneReadIsEnough) {
  sender_.send("bye");
  sender_.shutdown_write();
  const Direction::Result result = pump();
  EXPECT_EQ(result.moved, 3U);
  // The FIN may have come a moment after the byte.
  EXPECT_EQ(result.state == Direction::State::kFinished ? result.state : pump().state, Direction::State::kFinished);
  EXPECT_TRUE(direction_->sender_finished());
}

TEST_F(DirectionTest, WhatTheReceiverRefusesIsKeptBoundedAndPassedLater) {
  const std::size_t sent = block();
  EXPECT_GT(resources_->held.value(), 0U);
  EXPECT_LE(resources_->held.value(), RelayResources::kBufferBytes);
  // Nothing is read while something is kept.
  sender_.send("x");
  EXPECT_EQ(pump().moved, 0U);
  sender_.shutdown_write();
  std::size_t received = 0;
  Direction::Result result;
  while (result.state != Direction::State::kFinished) {
    received += receiver_.receive(std::min<std::size_t>(65536, sent + 1 - received)).size();
    to_.writable = true;
    result = pump();
  }
  ::shutdown(to_.fd.get(), SHUT_WR);
  EXPECT_EQ(received + receiver_.receive_rest().size(), sent + 1);
  EXPECT_EQ(resources_->held.value(), 0U);
}

TEST_F(DirectionTest, ATurnEndsWhenItsBudgetIsSpent) {
  resources_->budget = RelayResources::kShortBudget;
  // More than a read takes is there before the first one.
  const int enough = 2 * RelayResources::kShortBudget;
  ASSERT_EQ(::setsockopt(from_.fd.get(), SOL_SOCKET, SO_RCVLOWAT, &enough, sizeof(enough)), 0);
  sender_.send(pattern(3 * RelayResources::kShortBudget));
  const Direction::Result result = pump();
  EXPECT_EQ(result.state, Direction::State::kMore);
  EXPECT_EQ(result.moved, RelayResources::kShortBudget);
}

TEST_F(DirectionTest, AFinWaitsForTheBytesBeforeIt) {
  block();
  sender_.shutdown_write();
  EXPECT_EQ(pump().state, Direction::State::kWaiting);
  EXPECT_FALSE(direction_->sender_finished());
}

TEST_F(DirectionTest, AtTheBoundNothingIsHeldAndNoByteIsLost) {
  connect(0, 0);
  const std::string first = pattern(16 * 1024);
  const std::size_t sent = block();
  EXPECT_EQ(resources_->held.value(), 0U);
  sender_.shutdown_write();
  std::string received;
  Direction::Result result;
  while (result.state != Direction::State::kFinished) {
    received += receiver_.receive(std::min<std::size_t>(65536, sent - received.size()));
    to_.writable = true;
    result = pump();
  }
  ::shutdown(to_.fd.get(), SHUT_WR);
  received += receiver_.receive_rest();
  std::string expected;
  while (expected.size() < sent) {
    expected += first;
  }
  EXPECT_EQ(received, expected);
}

TEST_F(DirectionTest, AStreamOfLargeReadsIsSplicedAndSmallOnesTurnItBack) {
  const std::string bulk = pattern(256 * 1024);
  int rounds = 0;
  // The pipe goes back to the pool after each turn, where it is counted.
  for (; resources_->pipes.existing().value() == 0 && rounds < 100; ++rounds) {
    sender_.send(std::string_view(bulk).substr(0, 128 * 1024));
    for (std::size_t want = 128 * 1024; want > 0;) {
      const std::size_t now_moved = pump().moved;
      EXPECT_EQ(receiver_.receive(now_moved).size(), now_moved);
      want -= now_moved;
    }
  }
  EXPECT_EQ(resources_->pipes.existing().value(), 1U);
  for (int i = 0; i < 10; ++i) {
    sender_.send("small");
    EXPECT_EQ(pump().moved, 5U);
    EXPECT_EQ(receiver_.receive(5), "small");
  }
}

TEST_F(DirectionTest, APipeWithBytesInItIsNeverGivenToAnother) {
  connect(std::size_t{1} << 20U, 1);
  const std::string bulk = pattern(64 * 1024);
  while (to_.writable) {
    sender_.send(bulk);
    pump();
  }
  EXPECT_EQ(resources_->pipes.existing().value(), 1U);
  direction_->release(*resources_);
  EXPECT_EQ(resources_->pipes.existing().value(), 0U);
}

TEST_F(DirectionTest, WithoutAPipeAStreamIsCopied) {
  connect(std::size_t{1} << 20U, 0);
  const std::string bulk = pattern(64 * 1024);
  std::string received;
  for (int i = 0; i < 20; ++i) {
    sender_.send(bulk);
    for (std::size_t want = bulk.size(); want > 0;) {
      const std::size_t moved = pump().moved;
      received += receiver_.receive(moved);
      want -= moved;
    }
    EXPECT_EQ(received, bulk);
    received.clear();
  }
  EXPECT_GT(resources_->pipes.denied().value(), 0U);
  EXPECT_EQ(resources_->pipes.existing().value(), 0U);
}

TEST_F(DirectionTest, AResetSenderBreaksTheDirectionAfterItsLastBytes) {
  sender_.send("last words");
  EXPECT_EQ(pump().moved, 10U);
  sender_.reset();
  from_.note(EPOLLIN | EPOLLERR | EPOLLHUP);
  EXPECT_EQ(pump().state, Direction::State::kBroken);
}

TEST_F(DirectionTest, AResetReceiverBreaksTheDirection) {
  receiver_.reset();
  sender_.send("to nobody");
  EXPECT_EQ(pump().state, Direction::State::kBroken);
}

}  // namespace
}  // namespace ferry::proxy
