#include "proxy/preflight/range_findings.h"

#include <algorithm>
#include <optional>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

using config::IpAddress;
using config::IpPrefix;

constexpr const char* kRanges = "service ranges";

std::string list_of(const std::vector<IpPrefix>& ranges) {
  std::string text;
  for (const IpPrefix& range : ranges) text += (text.empty() ? "" : ", ") + range.to_string();
  return text;
}

/// All of `inner` is in `outer`.
bool holds(const IpPrefix& outer, const IpPrefix& inner) {
  return outer.length() <= inner.length() && outer.contains(inner.address());
}

bool overlap(const IpPrefix& one, const IpPrefix& other) { return holds(one, other) || holds(other, one); }

std::vector<IpAddress> inside(const IpPrefix& range, const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> found;
  std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(found),
               [&](const IpAddress& address) { return range.contains(address); });
  return found;
}

std::string named(const std::vector<IpAddress>& addresses) {
  if (addresses.size() == 1) return fmt::format("{}, an address of this host, is", addresses.front().to_string());
  return fmt::format("{} addresses of this host, {} among them, are", addresses.size(), addresses.front().to_string());
}

void check_against_host(const IpPrefix& range, const RangeFacts& facts, Findings& findings) {
  if (range.address().is_loopback()) {
    findings.push_back(warning(kRanges, fmt::format("{} is loopback: pods do not reach it", range.to_string()),
                               "give another range where there are pods"));
    return;
  }
  if (const auto own = inside(range, facts.host_addresses); !own.empty()) {
    findings.push_back(error(kRanges, fmt::format("{} inside the service range {}", named(own), range.to_string()),
                             "give the range that the API server has as --service-cluster-ip-range; addresses of a "
                             "kube-proxy with IPVS go with `kube-proxy --cleanup`"));
  }
  for (const IpPrefix& pods : facts.pods) {
    if (!overlap(range, pods)) continue;
    findings.push_back(
        error(kRanges, fmt::format("the service range {} overlaps the pods' {}", range.to_string(), pods.to_string()),
              "give --service-cidr and --cluster-cidr as the cluster has them; what is in both would come here"));
  }
  for (const Route& route : facts.routes) {
    // A wider one is only the way to what is not closer by.
    if (route.local || !holds(range, route.range)) continue;
    findings.push_back(error(
        kRanges,
        fmt::format("the route {}{}{} lies inside the service range {}, which would hide it", route.range.to_string(),
                    route.device.empty() ? "" : " dev ", route.device, range.to_string()),
        "give the right --service-cidr, or take the route away"));
  }
}

void check_privilege(const RangeFacts& facts, Findings& findings) {
  std::vector<IpPrefix> wanting;
  for (const IpPrefix& range : facts.ranges) {
    const bool local = range.address().is_loopback() ||
                       std::any_of(facts.routes.begin(), facts.routes.end(),
                                   [&](const Route& route) { return route.local && holds(route.range, range); });
    if (!local) wanting.push_back(range);
  }
  if (facts.net_admin || wanting.empty()) return;
  findings.push_back(error(kRanges, fmt::format("{} cannot be made local to this host", list_of(wanting)),
                           "give CAP_NET_ADMIN, or run kube-ferry --init-only with it before"));
}

void check_kubernetes(const RangeFacts& facts, Findings& findings) {
  for (const IpAddress& address : facts.kubernetes) {
    const auto same_family = [&](const IpPrefix& range) { return range.address().family() == address.family(); };
    const auto has = [&](const IpPrefix& range) { return range.contains(address); };
    if (std::none_of(facts.ranges.begin(), facts.ranges.end(), same_family)) {
      findings.push_back(warning(kRanges,
                                 fmt::format("the kubernetes Service has {}, and no {} range is given",
                                             address.to_string(), to_string(address.family())),
                                 "give the ranges of both families by --service-cidr"));
    } else if (std::none_of(facts.ranges.begin(), facts.ranges.end(), has)) {
      findings.push_back(
          error(kRanges,
                fmt::format("the kubernetes Service has {}, outside of {}", address.to_string(), list_of(facts.ranges)),
                "give as --service-cidr what the API server has as --service-cluster-ip-range"));
    }
  }
}

}  // namespace

Findings check_ranges(const RangeFacts& facts) {
  if (facts.ranges.empty()) {
    return {warning(kRanges, "nothing tells where service addresses come from: each gets a route of its own",
                    "give as --service-cidr what the API server has as --service-cluster-ip-range")};
  }
  Findings findings;
  for (const IpPrefix& range : facts.ranges) check_against_host(range, facts, findings);
  check_kubernetes(facts, findings);
  check_privilege(facts, findings);
  if (findings.empty()) {
    const char* const source =
        facts.source == RangeFacts::Source::kFlag ? "as --service-cidr says" : "as the API server says";
    findings.push_back(ok(kRanges, fmt::format("service addresses come from {}, {}", list_of(facts.ranges), source)));
  }
  return findings;
}

}  // namespace ferry::proxy
