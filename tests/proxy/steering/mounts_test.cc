#include "proxy/steering/mounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MountPoints, AreThoseOfTheTypeAlone) {
  EXPECT_THAT(mount_points("31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                           "32 30 0:28 / /sys/fs/cgroup/unified rw,nosuid shared:4 - cgroup2 none rw\n"
                           "33 30 0:29 / /sys/fs/bpf rw - bpf bpf rw\n",
                           "cgroup2"),
              ElementsAre("/sys/fs/cgroup/unified"));
}

TEST(MountPoints, ComeInTheirOrder) {
  EXPECT_THAT(mount_points("1 0 0:1 / /a rw - bpf x rw\n2 0 0:1 / /b rw - bpf x rw", "bpf"), ElementsAre("/a", "/b"));
}

TEST(MountPoints, BlanksInAPathAreEscapedThere) {
  EXPECT_THAT(mount_points("32 30 0:28 / /my\\040groups rw - cgroup2 none rw", "cgroup2"), ElementsAre("/my groups"));
}

TEST(MountPoints, AreNoneWhereNobodyMountsIt) {
  EXPECT_THAT(mount_points("", "cgroup2"), IsEmpty());
  EXPECT_THAT(mount_points("nonsense\nmore - cgroup2x \n", "cgroup2"), IsEmpty());
}

}  // namespace
}  // namespace ferry::proxy
