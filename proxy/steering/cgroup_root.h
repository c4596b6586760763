#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferry::proxy {

/// Where the hierarchy of cgroup v2 is mounted, as /proc/self/mountinfo has it (proc(5)); the first where it is more
/// than once. None: nowhere that this process sees.
std::optional<std::string> find_cgroup_root(std::string_view mountinfo);

/// The same for this process. None when the file cannot be read, too.
std::optional<std::string> find_cgroup_root();

}  // namespace ferry::proxy
