#include "proxy/metrics/memory_metrics.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace ferry::proxy {
namespace {

class CgroupMemoryTest : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = folder_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  CgroupMemory read() const { return read_cgroup_memory(folder_.path()); }

  ferry::testing::TemporaryFolder folder_;
};

TEST_F(CgroupMemoryTest, WithoutAnyNothingIsTold) {
  EXPECT_EQ(read(), CgroupMemory{});
  EXPECT_TRUE(memory_metrics({}).empty());
}

TEST_F(CgroupMemoryTest, VersionTwoIsReadWhereItIsMounted) {
  write("proc/self/cgroup", "0::/kubepods.slice/pod-1\n");
  write("proc/self/mountinfo", "30 23 0:26 / /somewhere/else rw,nosuid - cgroup2 cgroup2 rw\n");
  const std::string group = "somewhere/else/kubepods.slice/pod-1/";
  write(group + "memory.current", "1048576\n");
  write(group + "memory.max", "67108864\n");
  write(group + "memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\n");
  write(group + "memory.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
  EXPECT_EQ(read(), (CgroupMemory{1048576, 67108864, 1, 2.5}));
  write(group + "memory.max", "max\n");
  EXPECT_EQ(read().limit_bytes, std::nullopt);
}

TEST_F(CgroupMemoryTest, AContainerThatSeesItsOwnPartByItsWholePathFindsIt) {
  write("proc/self/cgroup", "0::/docker/abc\n");
  write("proc/self/mountinfo", "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  write("sys/fs/cgroup/memory.current", "4096\n");
  EXPECT_EQ(read().usage_bytes, 4096U);
}

TEST_F(CgroupMemoryTest, VersionOneIsReadWhereVersionTwoHasNoMemory) {
  write("proc/self/cgroup", "5:cpu,memory:/a\n0::/b\n");
  write("proc/self/mountinfo",
        "30 23 0:26 / /u rw - cgroup2 cgroup2 rw\n31 23 0:27 / /m rw - cgroup cgroup rw,cpu,memory\n");
  write("m/a/memory.usage_in_bytes", "4096\n");
  write("m/a/memory.limit_in_bytes", "9223372036854771712\n");
  write("m/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  EXPECT_EQ(read(), (CgroupMemory{4096, std::nullopt, 3, std::nullopt}));
}

TEST_F(CgroupMemoryTest, EachThatIsKnownIsAMetric) {
  const MetricFamilies families = memory_metrics({1, 2, 3, 4.0});
  ASSERT_EQ(families.size(), 4U);
  EXPECT_EQ(families[0].name, "kube_ferry_cgroup_memory_usage_bytes");
  EXPECT_EQ(families[1].name, "kube_ferry_cgroup_memory_limit_bytes");
  EXPECT_EQ(families[2].name, "kube_ferry_cgroup_oom_kills_total");
  EXPECT_EQ(families[3].name, "kube_ferry_cgroup_memory_stalled_seconds_total");
}

}  // namespace
}  // namespace ferry::proxy
