#include "proxy/logging/journal.h"

#include <sstream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {
namespace {

TEST(Journal, LinesBeginWithTheirPriorityAndLeaveTheTimeToIt) {
  std::ostringstream text;
  spdlog::logger logger("routes", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
  logger.set_level(spdlog::level::trace);
  logger.set_formatter(journal_formatter());
  logger.trace("a");
  logger.debug("b");
  logger.info("c");
  logger.warn("d");
  logger.error("e");
  logger.critical("f");
  EXPECT_EQ(text.str(), "<7>routes: a\n<7>routes: b\n<6>routes: c\n<4>routes: d\n<3>routes: e\n<2>routes: f\n");
}

TEST(Journal, IsKnownByItsStream) {
  const UniqueFd stream(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  struct stat status {};
  ASSERT_EQ(::fstat(stream.get(), &status), 0);
  const std::string name = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  EXPECT_TRUE(is_journal(stream.get(), name));
  EXPECT_FALSE(is_journal(stream.get(), name + "1"));
  EXPECT_FALSE(is_journal(stream.get(), ""));
  EXPECT_FALSE(is_journal(-1, name));
}

}  // namespace
}  // namespace ferry::proxy
