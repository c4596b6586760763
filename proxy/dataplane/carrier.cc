#include "proxy/dataplane/carrier.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include <sys/socket.h>

#include "proxy/dataplane/session_views.h"
#include "proxy/relay/tcp_socket.h"

namespace ferry::proxy {

namespace {

using std::chrono::milliseconds;

/// Once all streams together have moved so many bytes, it is looked whether others have something to do.
constexpr std::size_t kStreamsShare = 4 * RelayResources::kShortBudget;

/// Most connections end before; those that do not are worth four system calls.
constexpr std::chrono::seconds kYouth{10};

}  // namespace

Carrier::Carrier(Poller& poller, RelayResources& resources, WorkerCounters& counters, AffinityTable& affinity,
                 const DataplaneOptions& options, TimePoint now)
    : poller_(poller),
      resources_(resources),
      counters_(counters),
      options_(options),
      dialler_(poller, counters, affinity, options, outcomes(), now),
      checks_(options_, now) {}

Carrier::~Carrier() {
  reset_all();
  finish_turn(TimePoint());
}

Dialler::Outcomes Carrier::outcomes() {
  return {[this](Session& session, TimePoint now) { connected(session, now); },
          [this](Session& session, TimePoint now) { give_up(session, now); },
          [this](Session& session, TimePoint now) { shed(session, now); }};
}

template <typename Work>
void Carrier::with_memory(Session& session, TimePoint now, Work work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    if (!session.closed) shed(session, now);
  }
}

void Carrier::shed(Session& session, TimePoint now) {
  counters_.shed_for_memory.add();
  reset(session, ConnectionEnd::kNoMemory, now);
}

void Carrier::take(UniqueFd client, const std::shared_ptr<WorkerPort>& port, const Arrival& arrival, TimePoint now) {
  std::unique_ptr<Session> made;
  try {
    made = std::make_unique<Session>();
  } catch (const std::bad_alloc&) {
    counters_.shed_for_memory.add();
    close_with_reset(std::move(client));
    return;
  }
  // Owned by the list it is in, from here until finish_turn() frees it.
  Session& session = *made.release();
  young_.push_back(session);
  session.client.fd = std::move(client);
  session.port = port;
  session.peer = arrival.client;
  session.choice = arrival.choice;
  session.accepted = session.active = session.since = now;
  ++open_;
  port->counters.accepted.add();
  counters_.connections.accepted.add();
  if (const int error =
          poller_.watch(session.client.fd.get(), Leg::kEvents, EventTag(EventTag::Kind::kClient, &session));
      error != 0) {
    counters_.dial_failures[static_cast<std::size_t>(counters_.dial_failed(error))].add();
    give_up(session, now);
    return;
  }
  with_memory(session, now, [&] { dialler_.begin(session, arrival.header, now); });
}

std::vector<HandedConnection> Carrier::give(std::size_t most, TimePoint now) {
  std::vector<Session*> ready;
  for_each_session([&](Session& session) {
    const bool can_go = session.to_backend.can_be_handed_over() && session.to_client.can_be_handed_over();
    if (ready.size() < most && can_go) ready.push_back(&session);
  });
  std::vector<HandedConnection> given;
  given.reserve(ready.size());
  for (Session* const session : ready) given.push_back(give(*session, now));
  return given;
}

HandedConnection Carrier::give(Session& session, TimePoint now) {
  // Their files live on, and an epoll watches files rather than descriptors.
  poller_.unwatch(session.client.fd.get());
  poller_.unwatch(session.backend.fd.get());
  HandedConnection given = hand_over(session, now);
  counters_.given.add();
  forget(session);
  return given;
}

void Carrier::take_over(HandedConnection handed, const std::shared_ptr<WorkerPort>& port, TimePoint now) {
  Session& session = *std::make_unique<Session>().release();
  resume(session, std::move(handed), port, resources_, now);
  (session.half_closed ? half_closed_ : settled_).push_back(session);
  ++open_;
  port->counters.accepted.add();
  counters_.connections.accepted.add();
  counters_.taken_over.add();
  keep_alive(session.backend.fd.get(), checks_.silence_limit(session));
  if (port->state.settings().drain_timeout > milliseconds{0}) drainer_.state_changed(port, now);
  // What can be read or written now is told as the first event.
  const int client = poller_.watch(session.client.fd.get(), Leg::kEvents, EventTag(EventTag::Kind::kClient, &session));
  const int backend =
      poller_.watch(session.backend.fd.get(), Leg::kEvents, EventTag(EventTag::Kind::kBackend, &session));
  if (client != 0 || backend != 0) {
    reset(session, ConnectionEnd::kShutdown, now);
    return;
  }
  checks_.arm(session, now);
}

void Carrier::client_ready(Session& session, std::uint32_t events, TimePoint now) {
  if (session.closed) {
    return;
  }
  session.client.note(events);
  if (!session.dialling) {
    with_memory(session, now, [&] { ready(session, now); });
  } else if (session.client.failed) {
    // A FIN alone is no reason to stop: the client may have sent its request and wait for the answer.
    close(session, ConnectionEnd::kClientLeft, now);
  }
}

void Carrier::backend_ready(Session& session, std::uint32_t events, TimePoint now) {
  if (session.closed || session.replaced) {
    return;
  }
  with_memory(session, now, [&] {
    if (session.dialling) {
      dialler_.backend_ready(session, events, now);
      if (session.replaced) replaced_.push_back(&session);
      return;
    }
    session.backend.note(events);
    ready(session, now);
  });
}

void Carrier::hedge_ready(Session& session, std::uint32_t events, TimePoint now) {
  if (session.closed || session.replaced || !session.dialling || !session.dialling->hedge) {
    return;
  }
  with_memory(session, now, [&] {
    dialler_.hedge_ready(session, events, now);
    if (session.replaced) replaced_.push_back(&session);
  });
}

void Carrier::state_changed(const std::shared_ptr<WorkerPort>& port, TimePoint now) {
  drainer_.state_changed(port, now);
}

void Carrier::finish_turn(TimePoint now) {
  for (Session* const session : replaced_) {
    session->replaced = false;
  }
  replaced_.clear();
  resources_.budget = turns_.begin();
  serve_queued(now, kStreamsShare);
  if (!closed_.empty()) turns_.forget_closed();
  while (!closed_.empty()) {
    const std::unique_ptr<Session> freed(&closed_.front());
  }
}

void Carrier::serve_queued(TimePoint now, std::size_t most) {
  turns_.serve(most, [&](Session& session) { with_memory(session, now, [&] { carry(session, now); }); });
}

void Carrier::act_on_deadlines(TimePoint now) {
  // Nobody is idle or silent whose bytes only wait for their turn.
  if (const auto next = next_deadline(); turns_.any() && next && *next <= now) {
    serve_queued(now, std::numeric_limits<std::size_t>::max());
  }
  dialler_.act_on_deadlines(now);
  checks_.expire(now, [&](Session& due) { with_memory(due, now, [&] { check(due, now); }); });
  drain_due(now);
  settle_aged(now);
  while (!half_closed_.empty() && now - half_closed_.front().active >= options_.half_close_timeout) {
    counters_.half_close_timeouts.add();
    reset(half_closed_.front(), ConnectionEnd::kHalfCloseTimeout, now);
  }
}

void Carrier::settle_aged(TimePoint now) {
  while (!young_.empty() && now - young_.front().since >= kYouth) {
    Session& session = young_.front();
    keep_alive(session.backend.fd.get(), checks_.silence_limit(session));
    settled_.push_back(session);
  }
}

std::optional<Carrier::TimePoint> Carrier::next_deadline() {
  std::optional<TimePoint> next = dialler_.next_deadline();
  const auto consider = [&](TimePoint deadline) { next = next ? std::min(*next, deadline) : deadline; };
  if (const auto checks = checks_.next()) {
    consider(*checks);
  }
  if (const auto drain = drainer_.next_deadline()) {
    consider(*drain);
  }
  if (!young_.empty()) {
    consider(young_.front().since + kYouth);
  }
  if (!half_closed_.empty()) {
    consider(half_closed_.front().active + options_.half_close_timeout);
  }
  return next;
}

void Carrier::reset_all() {
  const TimePoint now = std::chrono::steady_clock::now();
  dialler_.clear([&](Session& session) { reset(session, ConnectionEnd::kShutdown, now); });
  for (IntrusiveList<Session>* const list : {&young_, &settled_, &half_closed_}) {
    while (!list->empty()) {
      reset(list->front(), ConnectionEnd::kShutdown, now);
    }
  }
}

void Carrier::connected(Session& session, TimePoint now) {
  session.since = session.active = now;
  young_.push_back(session);
  session.client.writable = true;
  if (session.port->state.settings().idle_timeout > milliseconds{0}) checks_.arm(session, now);
  carry(session, now);
}

void Carrier::give_up(Session& session, TimePoint now) {
  session.port->counters.failed.add();
  counters_.connections.failed.add();
  reset(session, ConnectionEnd::kNoEndpoint, now);
}

void Carrier::ready(Session& session, TimePoint now) {
  if (session.to_backend.streams() || session.to_client.streams()) {
    // After those that are soon done.
    turns_.queue(session);
  } else {
    note_others();
    carry(session, now);
  }
}

void Carrier::carry(Session& session, TimePoint now) {
  const Direction::Result up = session.to_backend.pump(session.client, session.backend, resources_);
  const Direction::Result down = session.to_client.pump(session.backend, session.client, resources_);
  turns_.note_moved(up.moved + down.moved);
  if (up.moved + down.moved > 0) {
    note_moved(session, up.moved, down.moved, now);
  }
  const bool more = up.state == Direction::State::kMore || down.state == Direction::State::kMore;
  const bool broken = up.state == Direction::State::kBroken || down.state == Direction::State::kBroken;
  if (broken || (!more && (session.client.failed || session.backend.failed))) {
    pass_reset(session, up, down, now);
    return;
  }
  if (more) turns_.queue(session);
  if (session.to_backend.sender_finished() || session.to_client.sender_finished()) {
    pass_ends(session, up, down, now);
  }
}

void Carrier::note_moved(Session& session, std::size_t up, std::size_t down, TimePoint now) {
  PortCounters& port = session.port->counters;
  if (up > 0) {
    port.to_backend.add(up);
    session.endpoint->counters->to_backend.add(up);
    counters_.connections.to_backend.add(up);
    session.bytes_to_backend += up;
    session.check.heard_client = true;
  }
  if (down > 0) {
    port.to_client.add(down);
    session.endpoint->counters->to_client.add(down);
    counters_.connections.to_client.add(down);
    session.bytes_to_client += down;
    session.check.heard_backend = true;
    if (std::exchange(session.unanswered, false)) {
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - session.active);
      session.endpoint->record->load.latency.observe(took, now);
    }
  }
  session.active = now;
  if (!session.check.linked()) checks_.arm(session, now);
}

void Carrier::pass_ends(Session& session, const Direction::Result& up, const Direction::Result& down, TimePoint now) {
  const bool up_finished = up.state == Direction::State::kFinished;
  const bool down_finished = down.state == Direction::State::kFinished;
  if (up_finished && down_finished) {
    // Closing sends the FIN that was not passed yet.
    close(session, ConnectionEnd::kFinished, now);
    return;
  }
  if (up_finished && !std::exchange(session.backend_told, true)) {
    ::shutdown(session.backend.fd.get(), SHUT_WR);
  }
  if (down_finished && !std::exchange(session.client_told, true)) {
    ::shutdown(session.client.fd.get(), SHUT_WR);
  }
  if (!std::exchange(session.half_closed, true) || up.moved + down.moved > 0) {
    session.active = now;
    half_closed_.push_back(session);
  }
}

void Carrier::pass_reset(Session& session, const Direction::Result& up, const Direction::Result& down, TimePoint now) {
  counters_.resets_passed.add();
  const bool by_client = session.client.failed || (!session.backend.failed && up.state == Direction::State::kBroken &&
                                                   down.state != Direction::State::kBroken);
  reset(session, by_client ? ConnectionEnd::kResetByClient : ConnectionEnd::kResetByEndpoint, now);
}

void Carrier::check(Session& session, TimePoint now) {
  const std::optional<ConnectionEnd> end = checks_.look(session, now);
  if (!end) return;
  if (end == ConnectionEnd::kIdleTimeout) {
    counters_.idle_timeouts.add();
    close(session, *end, now);
    return;
  }
  counters_.vanished_peers.add();
  if (end == ConnectionEnd::kEndpointVanished && session.port->state.settings().ejection) {
    ServedPort& port = *session.port->shared;
    const config::BackendSet& set = session.port->state.set(session.choice);
    if (port.eject(session.endpoint->record->endpoint, set, now, EjectionCause::kVanished)) {
      counters_.ejections.add();
    }
  }
  reset(session, *end, now);
}

template <typename Each>
void Carrier::for_each_session(Each each) {
  for (IntrusiveList<Session>* const list : {&young_, &settled_, &half_closed_}) list->for_each(each);
}

void Carrier::drain_due(TimePoint now) {
  drainer_.act(now, [&](const Drainer::Draining& draining, const DrainPlan::Due& due) {
    std::vector<Session*> candidates;
    for_each_session([&](Session& session) {
      const bool at_rest = now - session.active >= draining.plan.rest();
      if (session.endpoint == draining.endpoint && (at_rest || !due.idle_only)) candidates.push_back(&session);
    });
    const auto count = std::min(due.count, candidates.size());
    const auto last = candidates.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(candidates.begin(), last, candidates.end(),
                      [](const Session* a, const Session* b) { return a->active < b->active; });
    for (auto at = candidates.begin(); at != last; ++at) {
      counters_.drained.add();
      // Who is at rest has had every byte; somebody else must not take a part for the whole.
      if (now - (*at)->active >= draining.plan.rest()) {
        close(**at, ConnectionEnd::kDrained, now);
      } else {
        reset(**at, ConnectionEnd::kDrained, now);
      }
    }
  });
}

void Carrier::list(std::vector<ConnectionRecord>& into,
                   const std::function<bool(const config::ServicePortName&)>& wanted, std::size_t most, TimePoint now) {
  std::vector<const Session*> found;
  const auto consider = [&](const Session& session) {
    if (wanted(*session.port->shared->name())) found.push_back(&session);
  };
  dialler_.for_each(consider);
  for_each_session(consider);
  const std::size_t room = into.size() < most ? most - into.size() : 0;
  const auto last = found.begin() + static_cast<std::ptrdiff_t>(std::min(room, found.size()));
  std::partial_sort(found.begin(), last, found.end(),
                    [](const Session* a, const Session* b) { return a->accepted < b->accepted; });
  std::for_each(found.begin(), last, [&](const Session* session) { into.push_back(record_of(*session, now)); });
}

void Carrier::reset(Session& session, ConnectionEnd end, TimePoint now) {
  account_for(session, end, now);
  close_with_reset(std::move(session.client.fd));
  if (session.backend.fd && !session.dialling) {
    close_with_reset(std::move(session.backend.fd));
  }
  close(session, end, now);
}

void Carrier::account_for(Session& session, ConnectionEnd end, TimePoint now) {
  if (!options_.on_closed) return;
  ConnectionRecord record = record_of(session, now);
  record.end = end;
  options_.on_closed(record);
}

void Carrier::close(Session& session, ConnectionEnd end, TimePoint now) {
  if (session.client.fd) account_for(session, end, now);
  if (session.dialling) dialler_.abandon(session);
  if (!session.dialling) {
    session.port->shared->times(session.port->worker)
        .life.add(std::chrono::duration_cast<std::chrono::microseconds>(now - session.accepted));
  }
  forget(session);
}

void Carrier::forget(Session& session) {
  if (session.endpoint != nullptr) session.endpoint->closed();
  session.to_backend.release(resources_);
  session.to_client.release(resources_);
  session.client.fd.reset();
  session.backend.fd.reset();
  session.check.unlink();
  session.closed = true;
  session.port->counters.closed.add();
  counters_.connections.closed.add();
  --open_;
  closed_.push_back(session);
}

}  // namespace ferry::proxy
