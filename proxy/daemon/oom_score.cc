#include "proxy/daemon/oom_score.h"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

std::error_code set_oom_score_adj(int value) {
  const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  const std::string text = std::to_string(value);
  if (file && ::write(file.get(), text.data(), text.size()) >= 0) return {};
  return {errno, std::generic_category()};
}

}  // namespace ferry::proxy
