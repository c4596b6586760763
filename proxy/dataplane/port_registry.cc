#include "proxy/dataplane/port_registry.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ferry::proxy {

using Clock = std::chrono::steady_clock;

namespace {

bool has_address(const std::vector<Frontend>& frontends, const ListenAddress& at) {
  return std::any_of(frontends.begin(), frontends.end(), [&](const Frontend& frontend) { return frontend.at == at; });
}

/// A server of DNS answers with one datagram.
constexpr std::uint16_t kDns = 53;

/// The table of the set in force, made anew only where the set is another.
std::shared_ptr<const MaglevTable> maglev_of(const PortState& former, const PortState& now, SetChoice choice) {
  if (now.set(choice).empty()) return nullptr;
  const std::size_t index = choice.index();
  const bool same = former.extras && former.extras->maglev[index] && former.sets[index] == now.sets[index];
  return same ? former.extras->maglev[index] : std::make_shared<const MaglevTable>(now.set(choice));
}

std::shared_ptr<const PortExtras> extras_of(const config::ServicePortInfo& info,
                                            const std::shared_ptr<const ServiceSettings>& asked,
                                            const PortState& former, const PortState& now) {
  PortExtras extras;
  extras.settings = asked;
  const ServiceSettings& settings = *asked;
  for (const config::AddressFamily family : config::kAddressFamilies) {
    for (const Scope scope : {Scope::kCluster, Scope::kLocal}) {
      const SetChoice choice{family, scope};
      if (settings.load_balancing == LoadBalancing::kMaglev) {
        extras.maglev[choice.index()] = maglev_of(former, now, choice);
      }
    }
    if (settings.drain_timeout > std::chrono::milliseconds{0}) {
      extras.staying[static_cast<std::size_t>(family)] = info.backends_of(family).staying;
    }
  }
  if (settings.slow_start > std::chrono::milliseconds{0}) {
    extras.warm_ups = WarmUps::next(former.extras ? former.extras->warm_ups : nullptr, former.sets, now.sets,
                                    settings.slow_start, Clock::now());
  }
  return extras.any() ? std::make_shared<const PortExtras>(std::move(extras)) : nullptr;
}

PortState state_of(const config::ServicePortInfo& info, const PortState& former) {
  PortState state;
  for (const config::AddressFamily family : config::kAddressFamilies) {
    const config::FamilyBackends& backends = info.backends_of(family);
    state.sets[SetChoice{family, Scope::kCluster}.index()] = backends.cluster;
    state.sets[SetChoice{family, Scope::kLocal}.index()] = backends.local;
  }
  if (info.session_affinity == config::SessionAffinity::kClientIp) state.affinity = info.affinity_timeout;
  const auto settings = read_settings(info.annotations).settings;
  state.udp_responses = settings->udp_responses.value_or(info.port == kDns ? 1 : 0);
  state.proxy_protocol = settings->proxy_protocol;
  state.extras = extras_of(info, settings, former, state);
  return state;
}

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
    if (const auto found = known_.find(change->name); found != known_.end()) {
      found->second.info = change->after;
      release_gone(found->second, listeners);
    }
  }
  for (const config::ServicePortChange* const change : carried) {
    if (change->after) {
      claim_present(*change, listeners, updates);
    } else if (const auto found = known_.find(change->name); found != known_.end()) {
      removed_.push_back(change->name);
      updates.push_back(Forget{found->second.port});
    }
  }
  prune_removed();
}

bool PortRegistry::carried_here(const config::ServicePortChange& change) {
  if (change.name.protocol != config::Protocol::kSctp) {
    return true;
  }
  sctp_ports_ += (change.before ? 0U : 1U);
  sctp_ports_ -= (change.after ? 0U : 1U);
  return false;
}

void PortRegistry::move_to(Surroundings surroundings, ListenerTable& listeners) {
  surroundings_ = std::move(surroundings);
  for (auto& [name, known] : known_) {
    release_gone(known, listeners);
  }
  for (const auto& [name, known] : known_) {
    for (const Frontend& frontend : known.frontends) {
      listeners.claim(frontend, known.port);
    }
  }
}

void PortRegistry::release_gone(Known& known, ListenerTable& listeners) const {
  std::vector<Frontend> present = known.info ? frontends_of(*known.info, surroundings_) : std::vector<Frontend>{};
  for (const Frontend& former : known.frontends) {
    if (!has_address(present, former.at)) {
      listeners.release(former.at, *known.port);
    }
  }
  known.frontends = std::move(present);
}

void PortRegistry::claim_present(const config::ServicePortChange& change, ListenerTable& listeners, Commands& updates) {
  Known& known = known_[change.name];
  if (!known.port) {
    known.port = std::make_shared<ServedPort>(change.name, workers_, ejection_, ++last_id_, on_ejected_);
    known.info = change.after;
    known.frontends = frontends_of(*change.after, surroundings_);
  }
  PortState state = state_of(*change.after, known.state);
  for (const config::AddressFamily family : config::kAddressFamilies) {
    for (const Scope scope : {Scope::kCluster, Scope::kLocal}) {
      const SetChoice choice{family, scope};
      known.port->balancer(choice).set_changed(known.state.set(choice), state.set(choice));
    }
  }
  const auto is_there = [&state](const config::Backend& endpoint) { return is_in_use(state, endpoint); };
  known.port->ejections().keep_only(is_there);
  known.port->endpoints().keep_only(is_there);
  known.state = std::move(state);
  for (const Frontend& frontend : known.frontends) {
    listeners.claim(frontend, known.port);
  }
  updates.push_back(UseState{known.port, known.state});
}

void PortRegistry::prune_removed() {
  removed_.erase(std::remove_if(removed_.begin(), removed_.end(),
                                [this](const config::ServicePortName& name) {
                                  const auto found = known_.find(name);
                                  if (found == known_.end() || !found->second.removed()) {
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

std::optional<PortRegistry::Present> PortRegistry::present(const config::ServicePortName& name) const {
  const auto found = known_.find(name);
  if (found == known_.end() || found->second.removed()) return std::nullopt;
  return Present{found->second.port.get(), found->second.info.get(), &found->second.state};
}

PortRegistry::Served PortRegistry::served(const config::ServicePortName& name) {
  Known& known = known_[name];
  if (!known.port) {
    known.port = std::make_shared<ServedPort>(name, workers_, ejection_, ++last_id_, on_ejected_);
    removed_.push_back(name);
  }
  return {known.port, known.state};
}

std::optional<std::uint64_t> PortRegistry::id_of(const config::ServicePortName& name) const {
  const auto found = known_.find(name);
  return found != known_.end() ? std::optional(found->second.port->id()) : std::nullopt;
}

std::vector<PortRegistry::Entry> PortRegistry::entries() const {
  std::vector<Entry> entries;
  entries.reserve(known_.size());
  for (const auto& [name, known] : known_) {
    entries.push_back(Entry{known.port, known.info});
  }
  return entries;
}

}  // namespace ferry::proxy
