#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/balancer/affinity_table.h"
#include "proxy/balancer/dial_plan.h"
#include "proxy/dataplane/dataplane_options.h"
#include "proxy/dataplane/session.h"
#include "proxy/dataplane/worker_counters.h"
#include "proxy/relay/intrusive_list.h"
#include "proxy/relay/poller.h"
#include "proxy/relay/relay_resources.h"
#include "proxy/relay/timing_wheel.h"

namespace ferry::proxy {

/// The connections of one worker, from accepted to closed. Everything it is constructed with outlives it.
class Carrier {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Carrier(Poller& poller, RelayResources& resources, WorkerCounters& counters, AffinityTable& affinity,
          const DataplaneOptions& options, TimePoint now);
  /// Resets what is still open.
  ~Carrier();
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  /// Takes an accepted connection over and starts to dial.
  void take(UniqueFd client, const std::shared_ptr<WorkerPort>& port, const Arrival& arrival, TimePoint now);

  void client_ready(Session& session, std::uint32_t events, TimePoint now);
  void backend_ready(Session& session, std::uint32_t events, TimePoint now);

  /// What remains of a turn, once its events are told: goes on with relays whose budget was spent, and frees what was
  /// closed. Until then a closed session is still there for its late events.
  void finish_turn(TimePoint now);
  /// Acts on deadlines that have passed. Whatever happened before them must have been told, lest an endpoint that
  /// answered in time be taken for silent because we were busy.
  void act_on_deadlines(TimePoint now);

  /// Relays wait for another turn, whatever epoll says.
  bool has_queued() const { return !queued_.empty(); }
  std::optional<TimePoint> next_deadline();

  std::size_t open() const { return open_; }
  void reset_all();

 private:
  std::unique_ptr<Session::Dialling> new_dial(const WorkerPort& port, const Arrival& arrival, TimePoint now);
  void dial_next(Session& session, TimePoint now);
  bool dial(Session& session, const DialPlan::Dial& step, TimePoint now);
  void dial_failed(Session& session, DialFailure failure, TimePoint now);
  void connected(Session& session, TimePoint now);
  /// Whether the endpoint has heard what it is to hear first.
  static bool introduce(const Session& session);
  void dial_deadline(Session& session, TimePoint now);
  void give_up(Session& session);

  void carry(Session& session, TimePoint now);
  void pass_ends(Session& session, const Direction::Result& up, const Direction::Result& down, TimePoint now);
  void pass_reset(Session& session);
  void settle_aged(TimePoint now);
  void close(Session& session);
  void reset(Session& session);

  Poller& poller_;
  RelayResources& resources_;
  WorkerCounters& counters_;
  AffinityTable& affinity_;
  const DataplaneOptions& options_;

  TimingWheel<Session> dialling_;
  /// Oldest first; the backend's side has no keep-alive yet, which short connections never need.
  IntrusiveList<Session> young_;
  IntrusiveList<Session> settled_;
  /// Least recently active first.
  IntrusiveList<Session> half_closed_;
  IntrusiveList<Session> closed_;
  std::vector<Session*> queued_;
  std::vector<Session*> turn_;
  std::size_t open_ = 0;
};

}  // namespace ferry::proxy
