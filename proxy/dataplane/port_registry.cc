#include "proxy/dataplane/port_registry.h"

#include <algorithm>
#include <utility>

namespace ferry::proxy {

namespace {

std::vector<ListenAddress> addresses_of(const config::ServicePortInfo& info) {
  std::vector<ListenAddress> addresses;
  for (const config::IpAddress& address : info.cluster_ips) {
    addresses.push_back(ListenAddress{address, info.port});
  }
  return addresses;
}

bool contains(const std::vector<ListenAddress>& addresses, const ListenAddress& at) {
  return std::find(addresses.begin(), addresses.end(), at) != addresses.end();
}

std::size_t index_of(config::AddressFamily family) { return static_cast<std::size_t>(family); }

}  // namespace

void PortRegistry::apply(const std::vector<config::ServicePortChange>& changes, ListenerTable& listeners,
                         Commands& updates) {
  std::vector<const config::ServicePortChange*> carried;
  for (const config::ServicePortChange& change : changes) {
    if (carried_here(change)) {
      carried.push_back(&change);
    }
  }
  // Every release before any claim: an address that moves from one service port to another in one batch is free.
  for (const config::ServicePortChange* const change : carried) {
    release_gone(*change, listeners);
  }
  for (const config::ServicePortChange* const change : carried) {
    if (change->after) {
      claim_present(*change, listeners, updates);
    } else if (const auto found = known_.find(change->name); found != known_.end() && !found->second.removed) {
      found->second.removed = true;
      removed_.push_back(change->name);
      updates.push_back(Forget{found->second.port});
    }
  }
  prune_removed();
}

bool PortRegistry::carried_here(const config::ServicePortChange& change) {
  std::size_t* const not_carried = change.name.protocol == config::Protocol::kUdp    ? &udp_ports_
                                   : change.name.protocol == config::Protocol::kSctp ? &sctp_ports_
                                                                                     : nullptr;
  if (not_carried == nullptr) {
    return true;
  }
  *not_carried += (change.before ? 0U : 1U);
  *not_carried -= (change.after ? 0U : 1U);
  return false;
}

void PortRegistry::release_gone(const config::ServicePortChange& change, ListenerTable& listeners) {
  const auto found = known_.find(change.name);
  if (found == known_.end()) {
    return;
  }
  Known& known = found->second;
  std::vector<ListenAddress> present = change.after ? addresses_of(*change.after) : std::vector<ListenAddress>{};
  for (const ListenAddress& at : known.addresses) {
    if (!contains(present, at)) {
      listeners.release(at, *known.port);
    }
  }
  known.addresses = std::move(present);
}

void PortRegistry::claim_present(const config::ServicePortChange& change, ListenerTable& listeners, Commands& updates) {
  Known& known = known_[change.name];
  if (!known.port) {
    known.port = std::make_shared<ServedPort>(change.name, workers_);
  }
  known.addresses = addresses_of(*change.after);
  known.removed = false;
  for (const config::AddressFamily family : {config::AddressFamily::kIpv4, config::AddressFamily::kIpv6}) {
    const std::shared_ptr<const config::BackendSet>& set = change.after->backends_of(family).cluster;
    known.port->balancer(family).set_changed(*known.sets[index_of(family)], *set);
    known.sets[index_of(family)] = set;
  }
  for (const ListenAddress& at : known.addresses) {
    listeners.claim(at, known.port, !known.sets[index_of(at.address.family())]->empty());
  }
  updates.push_back(UseBackends{known.port, known.sets});
}

void PortRegistry::prune_removed() {
  removed_.erase(std::remove_if(removed_.begin(), removed_.end(),
                                [this](const config::ServicePortName& name) {
                                  const auto found = known_.find(name);
                                  if (found == known_.end() || !found->second.removed) {
                                    return true;
                                  }
                                  if (found->second.port->connections().open > 0) {
                                    return false;
                                  }
                                  known_.erase(found);
                                  return true;
                                }),
                 removed_.end());
}

std::vector<PortRegistry::Entry> PortRegistry::entries() const {
  std::vector<Entry> entries;
  entries.reserve(known_.size());
  for (const auto& [name, known] : known_) {
    entries.push_back(Entry{known.port, known.removed});
  }
  return entries;
}

}  // namespace ferry::proxy
