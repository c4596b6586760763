#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "proxy/manual/pages.h"

namespace ferry::manual {

namespace {

constexpr const char* kHead =
    "<!-- Written by `cmake --build build/release --target write-docs` from the code; a test holds it to that. -->\n"
    "# Flags\n"
    "\n"
    "All that kube-ferry takes on its command line; `kube-ferry --help` tells the same. Durations are written as in "
    "Go:\n"
    "`500ms`, `30s`, `1m30s`, `2h`. Of a flag that is given twice the last counts. A KubeProxyConfiguration "
    "(`--config`)\n"
    "stands for some of them: [docs/kube-proxy.md](kube-proxy.md) has its fields.\n";

/// In a cell a bar would end it.
std::string cell(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

/// A value as it would be written stands as code; what describes one, such as "one a core", does not.
std::string fallback_cell(const std::string& fallback) {
  if (fallback.empty()) return "";
  return fallback.find(' ') == std::string::npos ? "`" + fallback + "`" : cell(fallback);
}

std::string row(const Flag& flag) {
  std::string names = flag.short_name.empty() ? flag.name : flag.short_name + ", " + flag.name;
  if (!flag.value.empty()) names += " " + flag.value;
  const std::string fallback = fallback_cell(flag.fallback);
  return fmt::format("| `{}` | {} |{} |\n", cell(names), cell(flag.meaning), fallback.empty() ? "" : " " + fallback);
}

constexpr const char* kTableHead = "\n| flag | meaning | default |\n|---|---|---|\n";

std::string section(const Command& command) {
  std::string text = fmt::format("\n## kube-ferry {}\n\n{}\n\n```\n", command.name, command.description);
  for (const std::string& usage : command.usage) text += usage + "\n";
  text += "```\n";
  text += kTableHead;
  for (const Flag& flag : command.flags) text += row(flag);
  return text;
}

}  // namespace

std::string flags_page(const Manual& manual) {
  std::string text = kHead;
  std::vector<std::string> groups;
  for (const Flag& flag : manual.flags) {
    if (std::find(groups.begin(), groups.end(), flag.group) == groups.end()) groups.push_back(flag.group);
  }
  for (const std::string& group : groups) {
    text += fmt::format("\n## {}\n", group);
    text += kTableHead;
    for (const Flag& flag : manual.flags) {
      if (flag.group == group) text += row(flag);
    }
  }
  text += "\n## Of kube-proxy's\n\nThese are accepted and say nothing here; the log names those that were given:\n\n";
  for (const std::string& name : manual.accepted) text += fmt::format("- `{}`\n", name);
  for (const Command& command : manual.commands) text += section(command);
  return text;
}

}  // namespace ferry::manual
