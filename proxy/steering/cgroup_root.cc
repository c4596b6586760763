#include "proxy/steering/cgroup_root.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>

namespace ferry::proxy {

namespace {

constexpr std::size_t kRootField = 3;
constexpr std::size_t kMountPointField = 4;

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

}  // namespace

std::optional<std::string> find_cgroup_root(std::string_view mountinfo) {
  while (!mountinfo.empty()) {
    const std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
    const std::size_t type = line.find(" - cgroup2 ");
    // Of a part of the hierarchy, what is beside it would not be steered.
    if (type != std::string_view::npos && field(line, kRootField) == "/")
      return unescaped(field(line, kMountPointField));
  }
  return std::nullopt;
}

std::optional<std::string> find_cgroup_root() {
  std::ifstream file("/proc/self/mountinfo");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return find_cgroup_root(text);
}

}  // namespace ferry::proxy
