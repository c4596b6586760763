#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>

#include "proxy/balancer/affinity_table.h"
#include "proxy/balancer/dial_plan.h"
#include "proxy/dataplane/dataplane_options.h"
#include "proxy/dataplane/session.h"
#include "proxy/dataplane/worker_counters.h"
#include "proxy/relay/poller.h"
#include "proxy/relay/timing_wheel.h"

namespace ferry::proxy {

/// The connections of one worker for which an endpoint is being dialled. Sessions are in its wheel until one of the two
/// outcomes is told. Everything it is constructed with outlives it.
class Dialler {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Outcomes {
    /// The backend's leg is connected, has heard what it is to hear first, and the session is no longer here.
    std::function<void(Session&, TimePoint)> connected;
    /// No endpoint took it; the session is still here.
    std::function<void(Session&, TimePoint)> gave_up;
    /// There was no memory to go on with it; the session is still here.
    std::function<void(Session&, TimePoint)> no_memory;
  };

  /// A second endpoint is dialled after this long at the earliest; and after this long when too few dials have shown
  /// what is usual.
  static constexpr std::chrono::milliseconds kLeastHedgeDelay{20};
  static constexpr std::chrono::milliseconds kUnknownHedgeDelay{100};
  static constexpr std::uint64_t kEnoughDials = 20;
  /// Connections of one service port that may wait until an endpoint may have one more, for each worker.
  static constexpr std::uint32_t kMostWaiting = 1024;

  Dialler(Poller& poller, WorkerCounters& counters, AffinityTable& affinity, const DataplaneOptions& options,
          Outcomes outcomes, TimePoint now);

  void begin(Session& session, std::string header, TimePoint now);

  void backend_ready(Session& session, std::uint32_t events, TimePoint now);
  void hedge_ready(Session& session, std::uint32_t events, TimePoint now);

  void act_on_deadlines(TimePoint now);
  std::optional<TimePoint> next_deadline() { return wheel_.next(); }

  /// Takes the session out, with everything that is under way for it.
  void abandon(Session& session);

  template <typename Each>
  void for_each(Each each) {
    wheel_.for_each(each);
  }
  template <typename Each>
  void clear(Each each) {
    wheel_.clear(each);
  }

 private:
  std::optional<config::Backend> sticky_endpoint(const Session& session, TimePoint now);
  void advance(Session& session, TimePoint now);
  bool dial(Session& session, const DialPlan::Dial& step, TimePoint now);
  bool begin_waiting(Session& session);
  void end_waiting(Session& session);
  void begin_hedge(Session& session, TimePoint now);
  void drop_hedge(Session& session);
  /// The second dial takes the place of the first, which has failed or is slower.
  void promote_hedge(Session& session);
  void arm(Session& session);
  void on_deadline(Session& session, TimePoint now);
  void current_failed(Session& session, DialFailure failure, TimePoint now);
  void hedge_failed(Session& session, DialFailure failure, TimePoint now);
  void note_failure(Session& session, WorkerEndpoint& endpoint, DialFailure failure, TimePoint now);
  void connected(Session& session, TimePoint now);

  Poller& poller_;
  WorkerCounters& counters_;
  AffinityTable& affinity_;
  const DataplaneOptions& options_;
  Outcomes outcomes_;
  TimingWheel<Session> wheel_;
  std::minstd_rand random_;
};

}  // namespace ferry::proxy
