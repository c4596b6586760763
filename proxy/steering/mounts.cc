#include "proxy/steering/mounts.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>

#include <sys/stat.h>

namespace ferry::proxy {

namespace {

constexpr std::size_t kMountPointField = 4;
constexpr std::string_view kBeforeType = " - ";

/// The nth field of a line, which blanks divide.
std::string_view field(std::string_view line, std::size_t number) {
  for (; number > 0; --number) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return {};
    line.remove_prefix(blank + 1);
  }
  return line.substr(0, line.find(' '));
}

/// Blanks, tabs, ends of line and backslashes stand as \ and three octal digits.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 3 >= text.size()) {
      plain.push_back(text[at]);
      continue;
    }
    int value = 0;
    for (int digit = 1; digit <= 3; ++digit) value = value * 8 + (text[at + static_cast<std::size_t>(digit)] - '0');
    plain.push_back(static_cast<char>(value));
    at += 3;
  }
  return plain;
}

std::string own_mountinfo() {
  std::ifstream file("/proc/self/mountinfo");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The kernel gives the root of the hierarchy this number, and to no other group.
bool is_cgroup_root(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && about.st_ino == 1;
}

}  // namespace

std::vector<std::string> mount_points(std::string_view mountinfo, std::string_view type) {
  std::vector<std::string> found;
  while (!mountinfo.empty()) {
    const std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
    const std::size_t divider = line.find(kBeforeType);
    if (divider == std::string_view::npos) continue;
    if (field(line.substr(divider + kBeforeType.size()), 0) != type) continue;
    found.push_back(unescaped(field(line, kMountPointField)));
  }
  return found;
}

std::optional<std::string> find_cgroup_root() {
  for (std::string& path : mount_points(own_mountinfo(), "cgroup2")) {
    if (is_cgroup_root(path)) return std::move(path);
  }
  return std::nullopt;
}

std::optional<std::string> find_bpf_filesystem() {
  std::vector<std::string> found = mount_points(own_mountinfo(), "bpf");
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

}  // namespace ferry::proxy
