#include "proxy/metrics/process_metrics.h"

#include <chrono>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace ferry::proxy {
namespace {

TEST(ProcessUsage, TellsThisProcessApart) {
  const ProcessUsage usage = read_process_usage();
  EXPECT_GT(usage.resident_bytes, 1U << 20U);
  EXPECT_GT(usage.virtual_bytes, usage.resident_bytes);
  EXPECT_GE(usage.threads, 1U);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(usage.max_descriptors, limit.rlim_cur);
}

TEST(ProcessUsage, StartedInThePastButAfterTheMachine) {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const ProcessUsage usage = read_process_usage();
  EXPECT_LT(usage.start_time, now + 2);  // the kernel's start of time is rounded to a second
  EXPECT_GT(usage.start_time, now - 600);
}

TEST(ProcessUsage, AnOpenedDescriptorCounts) {
  const auto before = read_process_usage().open_descriptors;
  const int opened = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(read_process_usage().open_descriptors, before + 1);
  close(opened);
  EXPECT_EQ(read_process_usage().open_descriptors, before);
}

TEST(ProcessUsage, CpuTimeGrowsWithWork) {
  const double before = read_process_usage().cpu_seconds;
  double after = before;
  while (after <= before) after = read_process_usage().cpu_seconds;
  EXPECT_GT(after, before);
}

}  // namespace
}  // namespace ferry::proxy
