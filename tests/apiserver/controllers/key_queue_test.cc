#include "tests/apiserver/controllers/key_queue.h"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace ferry::apiserver {
namespace {

using Names = std::vector<std::string>;

TEST(KeyQueue, LooksAtEachKeyOnceInTheOrderTheyWereFirstAskedFor) {
  boost::asio::io_context loop;
  Names seen;
  KeyQueue queue(loop, [&seen](const ObjectKey& key) { seen.push_back(key.name); });
  queue.add({"", "b"});
  queue.add({"", "a"});
  queue.add({"", "b"});
  EXPECT_EQ(seen, Names());
  loop.poll();
  EXPECT_EQ(seen, (Names{"b", "a"}));
}

TEST(KeyQueue, TakesOneKeyATurnOfTheLoop) {
  boost::asio::io_context loop;
  Names seen;
  KeyQueue queue(loop, [&seen](const ObjectKey& key) { seen.push_back(key.name); });
  queue.add({"", "a"});
  queue.add({"", "b"});
  loop.poll_one();
  EXPECT_EQ(seen, (Names{"a"}));
}

TEST(KeyQueue, AKeyAskedForWhileItIsLookedAtIsLookedAtAgain) {
  boost::asio::io_context loop;
  Names seen;
  std::unique_ptr<KeyQueue> queue;
  queue = std::make_unique<KeyQueue>(loop, [&](const ObjectKey& key) {
    seen.push_back(key.name);
    if (seen.size() < 2) queue->add(key);
  });
  queue->add({"", "a"});
  loop.poll();
  EXPECT_EQ(seen, (Names{"a", "a"}));
}

TEST(KeyQueue, AQueueThatIsGoneLooksAtNothingMore) {
  boost::asio::io_context loop;
  Names seen;
  auto queue = std::make_unique<KeyQueue>(loop, [&seen](const ObjectKey& key) { seen.push_back(key.name); });
  queue->add({"", "a"});
  queue.reset();
  loop.poll();
  EXPECT_EQ(seen, Names());
}

}  // namespace
}  // namespace ferry::apiserver
