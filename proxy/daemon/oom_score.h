#pragma once

#include <system_error>

namespace ferry::proxy {

/// Tells the kernel how soon to end this process when memory runs out (proc_pid_oom_score_adj(5)): -1000 never, 1000
/// first. Less than it was needs CAP_SYS_RESOURCE. Says what the kernel says.
std::error_code set_oom_score_adj(int value);

}  // namespace ferry::proxy
