#include "proxy/daemon/change_warnings.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/settings/service_settings.h"

namespace ferry::proxy {

namespace {

/// Text of somebody else's in a line of the log: not longer than it need be, and without control characters.
std::string quoted(const std::string& text) {
  constexpr std::size_t kLongest = 64;
  std::string safe = text.substr(0, kLongest);
  std::replace_if(
      safe.begin(), safe.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text.size() > kLongest ? safe + "..." : safe;
}

/// Says each annotation that is wrong now and was not so before once for its service, whatever the number of its ports.
void warn_of_annotations(const config::ServicePortChange& change,
                         std::set<std::pair<config::NamespacedName, std::string>>& told, ChangeWarnings& warnings) {
  if (!change.after || change.after->annotations.empty()) return;
  for (const ReadSetting& setting : read_settings(change.after->annotations).read) {
    if (setting.error.empty()) continue;
    if (change.before) {
      const auto former = change.before->annotations.find(setting.key);
      if (former != change.before->annotations.end() && former->second == setting.value) continue;
    }
    if (!told.emplace(change.name.service, setting.key).second) continue;
    ++warnings.wrong_annotations;
    const std::string instead = setting.in_force.empty() ? "" : fmt::format("; {} is in force", setting.in_force);
    warnings.lines.push_back(fmt::format("{}/{}: annotation kube-ferry.io/{}: '{}': {}{}", change.name.service.ns,
                                         change.name.service.name, quoted(setting.key), quoted(setting.value),
                                         setting.error, instead));
  }
}

}  // namespace

ChangeWarnings warnings_about(const std::vector<config::ServicePortChange>& changes) {
  ChangeWarnings warnings;
  std::set<std::pair<config::NamespacedName, std::string>> told;
  std::size_t not_carried = 0;
  std::string first;
  for (const config::ServicePortChange& change : changes) {
    warn_of_annotations(change, told, warnings);
    if (change.name.protocol == config::Protocol::kSctp && !change.before && not_carried++ == 0) {
      first = change.name.to_string();
    }
    const std::uint32_t before = change.before ? change.before->refused_endpoints : 0;
    const std::uint32_t after = change.after ? change.after->refused_endpoints : 0;
    if (after > before) {
      warnings.lines.push_back(
          fmt::format("{}: {} endpoints are refused: they are loopback, link-local or service addresses",
                      change.name.to_string(), after));
    }
  }
  if (not_carried > 0) {
    const std::string others = not_carried > 1 ? fmt::format(" and {} more", not_carried - 1) : "";
    warnings.lines.push_back(fmt::format("{}{}: not served, for SCTP is not carried", first, others));
  }
  return warnings;
}

}  // namespace ferry::proxy
