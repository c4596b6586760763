#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// What the kernel counts of the control group that this process is in; nothing where it does not tell, or where the
/// group has no bound.
struct CgroupMemory {
  /// With the kernel's own memory: sockets, page cache.
  std::optional<std::uint64_t> usage_bytes;
  std::optional<std::uint64_t> limit_bytes;
  /// Processes of the group that were killed for want of memory.
  std::optional<std::uint64_t> oom_kills;
  /// How long processes of the group have waited for memory (cgroups of version 2).
  std::optional<double> stalled_seconds;

  friend bool operator==(const CgroupMemory&, const CgroupMemory&) = default;
};

/// Reads cgroups of version 2 (cgroups(7)) or of version 1, wherever they are mounted. `root`: where the file system
/// begins.
CgroupMemory read_cgroup_memory(const std::filesystem::path& root = "/");

MetricFamilies memory_metrics(const CgroupMemory& memory);

}  // namespace ferry::proxy
