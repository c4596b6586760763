#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/balancer/affinity_table.h"
#include "proxy/dataplane/connection_record.h"
#include "proxy/dataplane/dataplane_options.h"
#include "proxy/dataplane/dialler.h"
#include "proxy/dataplane/drainer.h"
#include "proxy/dataplane/handed.h"
#include "proxy/dataplane/session.h"
#include "proxy/dataplane/session_checks.h"
#include "proxy/dataplane/stream_turns.h"
#include "proxy/dataplane/worker_counters.h"
#include "proxy/relay/intrusive_list.h"
#include "proxy/relay/poller.h"
#include "proxy/relay/relay_resources.h"

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

  /// Parts with up to `most` connections for another process to go on with: not with those being dialled, nor with
  /// those of which bytes are in a pipe. Must not be called while events of the turn are still to be told.
  std::vector<HandedConnection> give(std::size_t most, TimePoint now);
  /// Goes on with a connection of another process.
  void take_over(HandedConnection handed, const std::shared_ptr<WorkerPort>& port, TimePoint now);

  void client_ready(Session& session, std::uint32_t events, TimePoint now);
  void backend_ready(Session& session, std::uint32_t events, TimePoint now);
  void hedge_ready(Session& session, std::uint32_t events, TimePoint now);

  /// The service port goes by another state now: connections of endpoints that are gone may have to be drained.
  void state_changed(const std::shared_ptr<WorkerPort>& port, TimePoint now);

  /// What remains of a turn, once its events are told: goes on with relays whose budget was spent, and frees what was
  /// closed. Until then a closed session is still there for its late events.
  void finish_turn(TimePoint now);
  /// Acts on deadlines that have passed. Whatever happened before them must have been told, lest an endpoint that
  /// answered in time be taken for silent because we were busy.
  void act_on_deadlines(TimePoint now);

  /// Somebody who moves little has had something to do in this turn: streams leave him soon the next one.
  void note_others() { turns_.note_others(); }

  /// Relays wait for another turn, whatever epoll says.
  bool has_queued() const { return turns_.any(); }
  std::optional<TimePoint> next_deadline();

  std::size_t open() const { return open_; }
  void reset_all();

  /// Appends what `wanted` is true for, the longest open first, as long as there are less than `most`.
  void list(std::vector<ConnectionRecord>& into, const std::function<bool(const config::ServicePortName&)>& wanted,
            std::size_t most, TimePoint now);

 private:
  Dialler::Outcomes outcomes();
  void connected(Session& session, TimePoint now);
  /// Does the work; where memory is short in the midst of it, the session is reset.
  template <typename Work>
  void with_memory(Session& session, TimePoint now, Work work);
  void shed(Session& session, TimePoint now);
  void give_up(Session& session, TimePoint now);

  void ready(Session& session, TimePoint now);
  void carry(Session& session, TimePoint now);
  /// Until they have moved `most` bytes together.
  void serve_queued(TimePoint now, std::size_t most);
  void note_moved(Session& session, std::size_t up, std::size_t down, TimePoint now);
  void pass_ends(Session& session, const Direction::Result& up, const Direction::Result& down, TimePoint now);
  void pass_reset(Session& session, const Direction::Result& up, const Direction::Result& down, TimePoint now);
  void settle_aged(TimePoint now);

  void check(Session& session, TimePoint now);
  void drain_due(TimePoint now);

  template <typename Each>
  void for_each_session(Each each);
  void close(Session& session, ConnectionEnd end, TimePoint now);
  void reset(Session& session, ConnectionEnd end, TimePoint now);
  void account_for(Session& session, ConnectionEnd end, TimePoint now);
  HandedConnection give(Session& session, TimePoint now);
  void forget(Session& session);

  Poller& poller_;
  RelayResources& resources_;
  WorkerCounters& counters_;
  const DataplaneOptions& options_;

  Dialler dialler_;
  Drainer drainer_;
  SessionChecks checks_;
  StreamTurns turns_;
  /// Oldest first; the backend's side has no keep-alive yet, which short connections never need.
  IntrusiveList<Session> young_;
  IntrusiveList<Session> settled_;
  /// Least recently active first.
  IntrusiveList<Session> half_closed_;
  IntrusiveList<Session> closed_;
  /// Whose backend's socket was replaced in this turn.
  std::vector<Session*> replaced_;
  std::size_t open_ = 0;
};

}  // namespace ferry::proxy
