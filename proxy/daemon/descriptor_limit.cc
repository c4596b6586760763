#include "proxy/daemon/descriptor_limit.h"

#include <algorithm>
#include <fstream>

#include <sys/resource.h>

namespace ferry::proxy {

namespace {

/// Half a million connections, and what fs.nr_open is where nobody has set it.
constexpr rlim_t kEnough = rlim_t{1} << 20U;

/// What no process may have more of (proc_sys_fs(5)).
rlim_t most_possible() {
  rlim_t most = 0;
  return std::ifstream("/proc/sys/fs/nr_open") >> most ? most : kEnough;
}

}  // namespace

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_max < kEnough) {
    const rlim_t wanted = std::min(kEnough, most_possible());
    const rlimit beyond{wanted, wanted};
    if (wanted > limit.rlim_max && setrlimit(RLIMIT_NOFILE, &beyond) == 0) return wanted;
  }
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

}  // namespace ferry::proxy
