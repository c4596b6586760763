#include "proxy/host/service_routes.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

#include "proxy/host/external_rules.h"
#include "proxy/host/local_routes.h"
#include "proxy/host/reply_device.h"

namespace ferry::proxy {

namespace {

using config::IpAddress;
using config::IpPrefix;
using config::ServicePortInfo;

/// The kernel looks at one rule after the other for every packet that it routes.
constexpr std::size_t kManyRules = 1000;

std::vector<ListenAddress> external_ports(const ServicePortInfo& info) {
  std::vector<ListenAddress> ports;
  for (const auto* const addresses : {&info.external_ips, &info.load_balancer_ips}) {
    for (const IpAddress& address : *addresses) ports.push_back({address, info.port, info.name.protocol});
  }
  return ports;
}

/// Counts what the change needs. Gives what nothing needed before, and what nothing needs now.
template <class Key>
void count(std::unordered_map<Key, std::size_t>& needed, const std::vector<Key>& before, const std::vector<Key>& after,
           std::vector<Key>& gained, std::vector<Key>& lost) {
  for (const Key& key : after) {
    if (needed[key]++ == 0) gained.push_back(key);
  }
  for (const Key& key : before) {
    const auto found = needed.find(key);
    if (found != needed.end() && --found->second == 0) {
      needed.erase(found);
      lost.push_back(key);
    }
  }
}

std::vector<IpPrefix> hosts(const std::vector<IpAddress>& addresses) {
  std::vector<IpPrefix> made;
  made.reserve(addresses.size());
  for (const IpAddress& address : addresses) made.push_back(IpPrefix::host(address));
  return made;
}

}  // namespace

void ServiceRoutes::set_ranges(std::vector<IpPrefix> ranges) {
  if (ranges == ranges_) return;
  ranges_ = std::move(ranges);
  reconcile();
}

void ServiceRoutes::move_to(std::vector<IpAddress> addresses, std::vector<IpAddress> sources) {
  own_ = {addresses.begin(), addresses.end()};
  if (sources != sources_) {
    sources_ = std::move(sources);
    // Those there are get the new source.
    table_set_ = false;
    add_routes({routes_.begin(), routes_.end()});
  }
  reconcile();
}

bool ServiceRoutes::needs_route(const IpAddress& address) const {
  return !address.is_loopback() && !own_.contains(address) &&
         std::none_of(ranges_.begin(), ranges_.end(), [&](const IpPrefix& range) { return range.contains(address); });
}

void ServiceRoutes::apply(const std::vector<config::ServicePortChange>& changes) {
  std::vector<IpAddress> new_addresses;
  std::vector<ListenAddress> new_ports;
  for (const config::ServicePortChange& change : changes) {
    if (change.name.protocol == config::Protocol::kSctp) continue;
    const auto cluster = [](const auto& info) { return info ? info->cluster_ips : std::vector<IpAddress>{}; };
    const auto external = [](const auto& info) { return info ? external_ports(*info) : std::vector<ListenAddress>{}; };
    std::vector<IpAddress> lost_addresses;
    std::vector<ListenAddress> lost_ports;
    count(addresses_, cluster(change.before), cluster(change.after), new_addresses, lost_addresses);
    count(ports_, external(change.before), external(change.after), new_ports, lost_ports);
    for (const IpAddress& address : lost_addresses) unneeded_addresses_.emplace_back(change.name, address);
    for (const ListenAddress& at : lost_ports) unneeded_ports_.emplace_back(change.name, at);
  }
  const auto none_needed = [this](const IpAddress& address) { return !needs_route(address); };
  std::erase_if(new_addresses,
                [&](const IpAddress& address) { return none_needed(address) || routes_.contains(address); });
  std::erase_if(new_ports, [&](const ListenAddress& at) { return none_needed(at.address) || rules_.contains(at); });
  add_routes(new_addresses);
  add_rules(new_ports);
}

void ServiceRoutes::add_routes(const std::vector<IpAddress>& addresses) {
  if (addresses.empty() || denied_) return;
  const std::vector<LocalRoutes::Failure> failures = LocalRoutes::add(hosts(addresses), sources_);
  routes_.insert(addresses.begin(), addresses.end());
  for (const LocalRoutes::Failure& failure : failures) routes_.erase(failure.range.address());
  if (!failures.empty()) {
    note("service address " + failures[0].range.address().to_string(), failures.size(), failures[0].error);
  }
}

void ServiceRoutes::add_rules(const std::vector<ListenAddress>& ports) {
  if (ports.empty() || denied_) return;
  if (!table_set_) {
    if (const int error = ExternalRules::set_table(sources_); error != 0) {
      note("external address " + ports[0].address.to_string(), ports.size(), error);
      return;
    }
    table_set_ = true;
  }
  const bool were_many = rules_.size() > kManyRules;
  std::vector<ListenAddress> failed;
  int first_error = 0;
  for (const ListenAddress& at : ports) {
    if (const int error = ExternalRules::add(at); error != 0) {
      if (failed.empty()) first_error = error;
      failed.push_back(at);
    } else {
      rules_.insert(at);
      allow_replies_from(at.address);
    }
  }
  if (!failed.empty()) note("external address " + to_string(failed[0]), failed.size(), first_error);
  if (!were_many && rules_.size() > kManyRules) {
    logger_->warn(
        "more than {} ports of external addresses have a routing rule each, which slows the kernel down; "
        "route these addresses to this node's loopback instead",
        kManyRules);
  }
}

void ServiceRoutes::allow_replies_from(const IpAddress& address) {
  const int error = ReplyDevice::add(address);
  if (error == 0 || std::exchange(replies_denied_, true)) return;
  logger_->warn(
      "ports of external address {} are silent while their services have no endpoints, and maybe others are: "
      "device {} cannot be made or given the address: {}",
      address.to_string(), ReplyDevice::kName, std::generic_category().message(error));
}

void ServiceRoutes::remove_rules(const std::vector<ListenAddress>& ports) {
  for (const ListenAddress& at : ports) {
    static_cast<void>(ExternalRules::remove(at));
    rules_.erase(at);
    const auto next = rules_.lower_bound({at.address});
    if (next == rules_.end() || next->address != at.address) static_cast<void>(ReplyDevice::remove(at.address));
  }
}

void ServiceRoutes::note(const std::string& what, std::size_t count, int error) {
  denied_ = error == EPERM || error == EACCES;
  const std::string others = count > 1 ? " and " + std::to_string(count - 1) + " others" : "";
  logger_->warn("{}{} cannot be made local to this host: {}; {}", what, others, std::generic_category().message(error),
                denied_ ? "give CAP_NET_ADMIN, or route them by other means"
                        : "they are tried again when the host's "
                          "addresses change");
}

void ServiceRoutes::sweep(const std::function<bool(const config::ServicePortName&)>& is_busy) {
  std::vector<IpPrefix> gone;
  std::erase_if(unneeded_addresses_, [&](const auto& entry) {
    const auto& [name, address] = entry;
    if (!addresses_.contains(address) && is_busy(name)) return false;
    if (!addresses_.contains(address) && routes_.erase(address) > 0) gone.push_back(IpPrefix::host(address));
    return true;
  });
  if (!gone.empty()) LocalRoutes::remove(gone);
  std::vector<ListenAddress> rules_gone;
  std::erase_if(unneeded_ports_, [&](const auto& entry) {
    const auto& [name, at] = entry;
    if (!ports_.contains(at) && is_busy(name)) return false;
    if (!ports_.contains(at) && rules_.contains(at)) rules_gone.push_back(at);
    return true;
  });
  remove_rules(rules_gone);
}

void ServiceRoutes::reconcile() {
  std::vector<IpPrefix> gone;
  std::erase_if(routes_, [&](const IpAddress& address) {
    const bool other = !needs_route(address);
    if (other) gone.push_back(IpPrefix::host(address));
    return other;
  });
  try {
    if (!gone.empty()) LocalRoutes::remove(gone);
  } catch (const std::system_error& error) {
    // Where ranges were made local beforehand and this process may not.
    logger_->warn("routes that nobody needs are left: {}", error.what());
  }
  std::vector<ListenAddress> rules_gone;
  std::copy_if(rules_.begin(), rules_.end(), std::back_inserter(rules_gone),
               [this](const ListenAddress& at) { return !needs_route(at.address); });
  remove_rules(rules_gone);
  std::vector<IpAddress> addresses;
  for (const auto& [address, services] : addresses_) {
    if (needs_route(address) && !routes_.contains(address)) addresses.push_back(address);
  }
  std::vector<ListenAddress> ports;
  for (const auto& [at, services] : ports_) {
    if (needs_route(at.address) && !rules_.contains(at)) ports.push_back(at);
  }
  add_routes(addresses);
  add_rules(ports);
  if (!table_set_ && !rules_.empty()) table_set_ = ExternalRules::set_table(sources_) == 0;
}

void ServiceRoutes::remove_leftovers() {
  std::vector<IpPrefix> routes = LocalRoutes::list();
  std::erase_if(routes, [this](const IpPrefix& route) {
    return std::find(ranges_.begin(), ranges_.end(), route) != ranges_.end() ||
           (route == IpPrefix::host(route.address()) && routes_.contains(route.address()));
  });
  std::vector<ListenAddress> rules = ExternalRules::list();
  std::erase_if(rules, [this](const ListenAddress& at) { return rules_.contains(at); });
  for (const IpAddress& address : ReplyDevice::list()) {
    const auto rule = rules_.lower_bound({address});
    if (rule == rules_.end() || rule->address != address) static_cast<void>(ReplyDevice::remove(address));
  }
  if (routes.empty() && rules.empty()) return;
  LocalRoutes::remove(routes);
  for (const ListenAddress& at : rules) static_cast<void>(ExternalRules::remove(at));
  logger_->info("{} routes and {} rules of an earlier run are taken away", routes.size(), rules.size());
}

}  // namespace ferry::proxy
