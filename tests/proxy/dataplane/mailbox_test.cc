#include "proxy/dataplane/mailbox.h"

#include <thread>

#include <gtest/gtest.h>
#include <poll.h>

namespace ferry::proxy {
namespace {

Mailbox::Batch batch_of(std::size_t size) { return std::make_shared<const Commands>(size, ReportIdle{}); }

TEST(Mailbox, AnEmptyOneHasNothingToTakeAndWakesNobody) {
  Mailbox mailbox;
  pollfd polled{mailbox.wake_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&polled, 1, 0), 0);
  EXPECT_TRUE(mailbox.take().empty());
}

TEST(Mailbox, GivesBackInOrder) {
  Mailbox mailbox;
  for (std::size_t size = 1; size <= 3; ++size) {
    mailbox.post(batch_of(size));
  }
  pollfd polled{mailbox.wake_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&polled, 1, 0), 1);
  std::vector<std::size_t> sizes;
  for (const Mailbox::Batch& batch : mailbox.take()) {
    sizes.push_back(batch->size());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_TRUE(mailbox.take().empty());
}

TEST(Mailbox, LosesNothingBetweenTwoThreads) {
  constexpr std::size_t kBatches = 50'000;
  Mailbox mailbox;
  std::thread poster([&] {
    for (std::size_t i = 0; i < kBatches; ++i) {
      mailbox.post(batch_of(i % 7));
    }
  });
  std::size_t taken = 0;
  while (taken < kBatches) {
    for (const Mailbox::Batch& batch : mailbox.take()) {
      ASSERT_EQ(batch->size(), taken % 7);
      ++taken;
    }
  }
  poster.join();
}

}  // namespace
}  // namespace ferry::proxy
