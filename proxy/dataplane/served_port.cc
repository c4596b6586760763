#include "proxy/dataplane/served_port.h"

#include <algorithm>

namespace ferry::proxy {

ServedPort::~ServedPort() { delete[] times_.load(); }

PortTimes& ServedPort::times(std::size_t worker) {
  PortTimes* times = times_.load(std::memory_order_acquire);
  if (times == nullptr) {
    auto made = std::make_unique<PortTimes[]>(counters_.size());
    if (times_.compare_exchange_strong(times, made.get(), std::memory_order_acq_rel)) times = made.release();
  }
  return times[worker];
}

ConnectTimes::Counts ServedPort::connect_times() const {
  ConnectTimes::Counts sum;
  const PortTimes* const times = times_.load(std::memory_order_acquire);
  for (std::size_t worker = 0; times != nullptr && worker < counters_.size(); ++worker) {
    sum += times[worker].connect.counts();
  }
  return sum;
}

LifeTimes::Counts ServedPort::life_times() const {
  LifeTimes::Counts sum;
  const PortTimes* const times = times_.load(std::memory_order_acquire);
  for (std::size_t worker = 0; times != nullptr && worker < counters_.size(); ++worker) {
    sum += times[worker].life.counts();
  }
  return sum;
}

PickContext WorkerPort::pick_context(SetChoice choice, const config::IpAddress& client, std::minstd_rand& random,
                                     std::chrono::steady_clock::time_point now) {
  const ServiceSettings& settings = state.settings();
  const bool asks = settings.max_connections > 0 || settings.load_balancing == LoadBalancing::kLeastConnections ||
                    settings.load_balancing == LoadBalancing::kPeakEwma;
  PickContext context{.now = now,
                      .random = random,
                      .loads = asks ? endpoints.loads(shared->endpoints(), worker) : WorkerEndpoints::no_loads()};
  context.algorithm = settings.load_balancing;
  context.max_connections = settings.max_connections;
  if (state.extras) {
    context.maglev = state.extras->maglev[choice.index()].get();
    context.warm_ups = state.extras->warm_ups.get();
  }
  if (context.maglev != nullptr) context.client = stable_hash(client);
  return context;
}

bool is_in_use(const PortState& state, const config::Backend& endpoint) {
  return std::any_of(state.sets.begin(), state.sets.end(),
                     [&endpoint](const auto& set) { return position_of(*set, endpoint).has_value(); });
}

SetChoice choose_set(const Frontend& frontend, const PortState& state, const config::IpAddress& client) {
  SetChoice choice;
  choice.family = frontend.at.address.family();
  choice.scope = frontend.scope_for(client);
  if (state.set(choice).empty()) {
    choice.scope = Scope::kCluster;
  }
  return choice;
}

}  // namespace ferry::proxy
