#pragma once

#include <array>

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ferry::proxy::testing {

/// This process has no CAP_NET_ADMIN for as long as it lives (capset(2)).
class WithoutNetAdmin {
 public:
  WithoutNetAdmin() { set(false); }
  ~WithoutNetAdmin() { set(true); }
  WithoutNetAdmin(const WithoutNetAdmin&) = delete;
  WithoutNetAdmin& operator=(const WithoutNetAdmin&) = delete;

 private:
  static void set(bool effective) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> sets{};
    ASSERT_EQ(::syscall(SYS_capget, &header, sets.data()), 0);
    sets[0].effective &= ~(1U << CAP_NET_ADMIN);
    if (effective) sets[0].effective |= 1U << CAP_NET_ADMIN;
    ASSERT_EQ(::syscall(SYS_capset, &header, sets.data()), 0);
  }
};

}  // namespace ferry::proxy::testing
