#include "proxy/daemon/change_warnings.h"

#include <cstddef>
#include <cstdint>
#include <memory>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

/// What the annotation says; empty where it is not there.
std::string annotation(const std::shared_ptr<const config::ServicePortInfo>& info, const std::string& name) {
  if (!info) return {};
  const auto found = info->annotations.find(name);
  return found != info->annotations.end() ? found->second : std::string();
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string::npos;
}

void warn_of_annotations(const config::ServicePortChange& change, std::vector<std::string>& warnings) {
  const auto check = [&](const std::string& name, bool (*is_right)(const std::string&), const char* right) {
    const std::string said = annotation(change.after, name);
    if (said.empty() || said == annotation(change.before, name) || is_right(said)) return;
    warnings.push_back(fmt::format("{}: what the annotation kube-ferry.io/{} says is not understood; write {}",
                                   change.name.to_string(), name, right));
  };
  if (change.name.protocol == config::Protocol::kTcp) {
    check(
        "proxy-protocol", [](const std::string& said) { return said == "v2"; }, "v2");
  } else if (change.name.protocol == config::Protocol::kUdp) {
    check("udp-responses", is_number, "the number of datagrams that answer one");
  }
}

}  // namespace

std::vector<std::string> warnings_about(const std::vector<config::ServicePortChange>& changes) {
  std::vector<std::string> warnings;
  std::size_t not_carried = 0;
  std::string first;
  for (const config::ServicePortChange& change : changes) {
    warn_of_annotations(change, warnings);
    if (change.name.protocol == config::Protocol::kSctp && !change.before && not_carried++ == 0) {
      first = change.name.to_string();
    }
    const std::uint32_t before = change.before ? change.before->refused_endpoints : 0;
    const std::uint32_t after = change.after ? change.after->refused_endpoints : 0;
    if (after > before) {
      warnings.push_back(fmt::format("{}: {} endpoints are refused: they are loopback, link-local or service addresses",
                                     change.name.to_string(), after));
    }
  }
  if (not_carried > 0) {
    const std::string others = not_carried > 1 ? fmt::format(" and {} more", not_carried - 1) : "";
    warnings.push_back(fmt::format("{}{}: not served, for SCTP is not carried", first, others));
  }
  return warnings;
}

}  // namespace ferry::proxy
