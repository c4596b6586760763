#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::proxy {

/// Where file systems of this type are mounted, in the order of /proc/self/mountinfo, whose text this is (proc(5)).
std::vector<std::string> mount_points(std::string_view mountinfo, std::string_view type);

/// The root of the host's hierarchy of cgroup v2, as this process sees it mounted. None: not at all, or only a part of
/// it, as in a container with a cgroup namespace of its own.
std::optional<std::string> find_cgroup_root();

/// A BPF file system, in which programs and maps live on without a process. None: it sees none.
std::optional<std::string> find_bpf_filesystem();

}  // namespace ferry::proxy
