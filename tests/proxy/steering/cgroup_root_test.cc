#include "proxy/steering/cgroup_root.h"

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

TEST(CgroupRoot, IsWhereVersionTwoIsMountedWhole) {
  EXPECT_EQ(find_cgroup_root("22 1 0:20 / /sys rw - sysfs sysfs rw\n"
                             "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"),
            "/sys/fs/cgroup");
}

TEST(CgroupRoot, IsFoundBesideVersionOne) {
  EXPECT_EQ(find_cgroup_root("31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                             "32 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n"),
            "/sys/fs/cgroup/unified");
}

TEST(CgroupRoot, APartOfTheHierarchyIsNoRoot) {
  EXPECT_EQ(find_cgroup_root("32 30 0:28 /kubepods /cgroup rw - cgroup2 none rw\n"), std::nullopt);
}

TEST(CgroupRoot, BlanksInItsPathAreEscapedThere) {
  EXPECT_EQ(find_cgroup_root("32 30 0:28 / /my\\040groups rw - cgroup2 none rw"), "/my groups");
}

TEST(CgroupRoot, IsNowhereWhereNobodyMountsIt) {
  EXPECT_EQ(find_cgroup_root(""), std::nullopt);
  EXPECT_EQ(find_cgroup_root("nonsense - cgroup2 \n - cgroup2 "), std::nullopt);
}

}  // namespace
}  // namespace ferry::proxy
