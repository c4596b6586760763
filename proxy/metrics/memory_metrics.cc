#include "proxy/metrics/memory_metrics.h"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ferry::proxy {

namespace {

namespace fs = std::filesystem;

/// Version 1 writes about this much for "no bound".
constexpr std::uint64_t kNoBound = std::uint64_t{1} << 62U;

enum class Version : std::uint8_t { kOne, kTwo };

std::optional<std::uint64_t> read_number(const fs::path& file) {
  std::uint64_t number = 0;
  if (!(std::ifstream(file) >> number)) return std::nullopt;
  return number;
}

/// The number after the word `key` and a blank or an equals sign.
std::optional<std::uint64_t> read_keyed(const fs::path& file, const std::string& key) {
  std::ifstream words(file);
  for (std::string word; words >> word;) {
    std::uint64_t number = 0;
    if (word == key && words >> number) return number;
    if (word.starts_with(key + "=")) return std::stoull(word.substr(key.size() + 1));
  }
  return std::nullopt;
}

/// The path of this process's group in the hierarchy (/proc/self/cgroup).
std::optional<std::string> group_of(const fs::path& root, Version version) {
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool fits =
        version == Version::kTwo ? controllers == ",," : controllers.find(",memory,") != std::string::npos;
    if (fits) return line.substr(second + 1);
  }
  return std::nullopt;
}

struct Mount {
  /// What of the hierarchy is mounted.
  std::string top;
  std::string place;
};

/// Where the hierarchy is mounted (proc_pid_mountinfo(5)).
std::optional<Mount> mount_of(const fs::path& root, Version version) {
  std::ifstream lines(root / "proc/self/mountinfo");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string ignored;
    Mount mount;
    fields >> ignored >> ignored >> ignored >> mount.top >> mount.place;
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream rest(line.substr(dash + 3));
    std::string type;
    std::string source;
    std::string options;
    rest >> type >> source >> options;
    options.insert(0, 1, ',').push_back(',');
    if (version == Version::kTwo ? type == "cgroup2"
                                 : type == "cgroup" && options.find(",memory,") != std::string::npos) {
      return mount;
    }
  }
  return std::nullopt;
}

std::optional<fs::path> folder_of(const fs::path& root, Version version) {
  const auto group = group_of(root, version);
  const auto mount = mount_of(root, version);
  if (!group || !mount) return std::nullopt;
  // A container sees its own part of the hierarchy alone, sometimes by its whole path.
  std::string below = *group;
  if (mount->top != "/" && below.starts_with(mount->top)) below.erase(0, mount->top.size());
  return root / fs::path(mount->place).relative_path() / fs::path(below).relative_path();
}

}  // namespace

CgroupMemory read_cgroup_memory(const fs::path& root) {
  if (const auto folder = folder_of(root, Version::kTwo); folder && fs::exists(*folder / "memory.current")) {
    CgroupMemory memory{read_number(*folder / "memory.current"), read_number(*folder / "memory.max"),
                        read_keyed(*folder / "memory.events", "oom_kill"), std::nullopt};
    constexpr double kMicroseconds = 1e6;
    if (const auto stalled = read_keyed(*folder / "memory.pressure", "total")) {
      memory.stalled_seconds = static_cast<double>(*stalled) / kMicroseconds;
    }
    return memory;
  }
  const auto folder = folder_of(root, Version::kOne);
  if (!folder) return {};
  CgroupMemory memory{read_number(*folder / "memory.usage_in_bytes"), read_number(*folder / "memory.limit_in_bytes"),
                      read_keyed(*folder / "memory.oom_control", "oom_kill"), std::nullopt};
  if (memory.limit_bytes && *memory.limit_bytes >= kNoBound) memory.limit_bytes.reset();
  return memory;
}

MetricFamilies memory_metrics(const CgroupMemory& memory) {
  MetricFamilies families;
  if (memory.usage_bytes) {
    families.push_back(gauge("kube_ferry_cgroup_memory_usage_bytes",
                             "Memory of the control group that kube-ferry runs in, the kernel's for it included.",
                             static_cast<double>(*memory.usage_bytes)));
  }
  if (memory.limit_bytes) {
    families.push_back(gauge("kube_ferry_cgroup_memory_limit_bytes",
                             "What it may have; beyond that the kernel ends a process of the group.",
                             static_cast<double>(*memory.limit_bytes)));
  }
  if (memory.oom_kills) {
    families.push_back(counter("kube_ferry_cgroup_oom_kills_total",
                               "Processes of the group that the kernel has ended for want of memory.",
                               static_cast<double>(*memory.oom_kills)));
  }
  if (memory.stalled_seconds) {
    families.push_back(counter("kube_ferry_cgroup_memory_stalled_seconds_total",
                               "How long processes of the group have waited for memory.", *memory.stalled_seconds));
  }
  return families;
}

}  // namespace ferry::proxy
