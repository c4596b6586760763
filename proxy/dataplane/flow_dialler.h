#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>

#include "proxy/balancer/affinity_table.h"
#include "proxy/dataplane/flow.h"
#include "proxy/dataplane/worker_counters.h"

namespace ferry::proxy {

/// Gives the UDP flows of one worker their endpoints: by affinity, else by the service's own choice among those that
/// are not left out. What it is constructed with outlives it.
class FlowDialler {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  /// Closes a flow, so that there is a descriptor and a local port; false where there is none to close.
  using MakeRoom = std::function<bool()>;

  FlowDialler(WorkerCounters& counters, AffinityTable& affinity) : counters_(counters), affinity_(affinity) {}

  /// A new flow, connected, which nobody watches yet; null where no endpoint can be had. Throws std::bad_alloc.
  std::unique_ptr<Flow> dial(DatagramService& service, const Peer& client, TimePoint now, const MakeRoom& make_room);

  /// A position in the set in force; none while it is empty.
  std::optional<std::size_t> choose(WorkerPort& port, SetChoice choice, const Peer& client, TimePoint now);

  /// The flow's datagrams go there from now on, the unanswered one first. False when that cannot be.
  bool redirect(Flow& flow, const config::Backend& backend, TimePoint now);

 private:
  WorkerCounters& counters_;
  AffinityTable& affinity_;
  std::minstd_rand random_;
};

}  // namespace ferry::proxy
