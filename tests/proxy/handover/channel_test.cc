#include "proxy/handover/channel.h"

#include <array>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace ferry::proxy {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    here_ = UniqueFd(ends[0]);
    there_.emplace(loop_.get_executor(), UniqueFd(ends[1]));
  }

  /// What the channel receives within that time.
  std::optional<Message> receive(milliseconds patience = std::chrono::seconds{10}) {
    std::optional<Message> got;
    asio::co_spawn(loop_, there_->receive(patience),
                   [&got](const std::exception_ptr&, std::optional<Message> message) { got = std::move(message); });
    loop_.restart();
    loop_.run();
    return got;
  }

  asio::io_context loop_;
  UniqueFd here_;
  std::optional<Channel> there_;
};

TEST_F(ChannelTest, AMessageBringsItsDescriptors) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::array descriptors{null.get(), here_.get()};
  ASSERT_FALSE(send_message(here_.get(), {{"kind", "gift"}, {"size", 2}}, descriptors));
  const auto got = receive();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->kind(), "gift");
  ASSERT_EQ(got->descriptors.size(), 2U);
  EXPECT_EQ(::fcntl(got->descriptors[0].get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(ChannelTest, WaitsForAMessageAsLongAsItMay) {
  EXPECT_FALSE(receive(milliseconds{1}));
  EXPECT_EQ(there_->error(), "the other process did not answer in time");
  ASSERT_FALSE(send_message(here_.get(), {{"kind", "late"}}, {}));
  EXPECT_TRUE(receive());
}

TEST_F(ChannelTest, SaysThatTheOtherSideHasGone) {
  here_.reset();
  EXPECT_FALSE(receive());
  EXPECT_EQ(there_->error(), "the other process has gone");
}

TEST_F(ChannelTest, WhatIsNoMessageIsRefused) {
  ASSERT_EQ(::send(here_.get(), "hello", 5, 0), 5);
  EXPECT_FALSE(receive());
  EXPECT_EQ(there_->error(), "the other process said what is no message");
}

TEST_F(ChannelTest, WithoutRoomForItsDescriptorsAMessageFailsAndSaysWhatWouldHelp) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::array descriptors{null.get(), null.get()};
  ASSERT_FALSE(send_message(here_.get(), {{"kind", "gift"}}, descriptors));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const UniqueFd next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const rlimit lowered{static_cast<rlim_t>(next.get()) + 1, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &lowered);
  const auto got = receive();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_FALSE(got);
  EXPECT_NE(there_->error().find("raise the limit on open files"), std::string::npos) << there_->error();
}

TEST_F(ChannelTest, AFullSocketIsWaitedFor) {
  bool good = true;
  asio::co_spawn(
      loop_,
      [](Channel& channel) -> asio::awaitable<bool> {
        for (int count = 0; count < 2000; ++count) {
          nlohmann::json body{{"kind", "number"}, {"value", count}};
          const bool sent = co_await channel.send(std::move(body), {}, std::chrono::seconds{10});
          if (!sent) co_return false;
        }
        co_return true;
      }(*there_),
      [&good](const std::exception_ptr&, bool sent) { good = sent; });
  for (int expected = 0; expected < 2000;) {
    loop_.poll();
    auto received = receive_message(here_.get());
    const auto* const message = std::get_if<Message>(&received);
    if (message == nullptr) continue;
    ASSERT_EQ(message->body.value("value", -1), expected++);
  }
  loop_.run();
  EXPECT_TRUE(good);
}

}  // namespace
}  // namespace ferry::proxy
