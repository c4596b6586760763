#include "proxy/dataplane/dialler.h"

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

#include <sys/socket.h>

#include "proxy/relay/tcp_socket.h"

namespace ferry::proxy {

namespace {

/// What a dial that failed counts for, where endpoints are compared by how long they take.
constexpr std::chrono::seconds kFailureCost{1};

std::chrono::microseconds microseconds_since(Dialler::TimePoint from, Dialler::TimePoint now) {
  return std::chrono::duration_cast<std::chrono::microseconds>(now - from);
}

PickContext pick_context(const Session& session, std::minstd_rand& random, Dialler::TimePoint now) {
  return session.port->pick_context(session.choice, session.peer.address, random, now);
}

/// When to dial a second endpoint: later than 99 of 100 dials of this service port took.
std::chrono::milliseconds hedge_delay(const ServedPort& port) {
  const ConnectTimes::Counts times = port.connect_times();
  if (times.total() < Dialler::kEnoughDials) return Dialler::kUnknownHedgeDelay;
  const auto usual = quantile<ConnectBounds>(times, 0.99).value_or(std::chrono::microseconds{0});
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(usual), Dialler::kLeastHedgeDelay);
}

/// Whether the endpoint has heard what it is to hear first. The buffer of a new connection has room for it.
bool introduce(int fd, const std::string& header) {
  return header.empty() ||
         ::send(fd, header.data(), header.size(), MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(header.size());
}

}  // namespace

Dialler::Dialler(Poller& poller, WorkerCounters& counters, AffinityTable& affinity, const DataplaneOptions& options,
                 Outcomes outcomes, TimePoint now)
    : poller_(poller),
      counters_(counters),
      affinity_(affinity),
      options_(options),
      outcomes_(std::move(outcomes)),
      wheel_(now),
      random_(
          static_cast<std::minstd_rand::result_type>(options.ejection.seed + reinterpret_cast<std::uintptr_t>(this))) {}

void Dialler::begin(Session& session, std::string header, TimePoint now) {
  session.dialling = std::make_unique<Session::Dialling>(
      Session::Dialling{.plan = DialPlan(options_.dial_timeouts, now, sticky_endpoint(session, now)),
                        .started = now,
                        .until = now,
                        .resume = now,
                        .hedge_at = std::nullopt,
                        .hedge = nullptr,
                        .header = std::move(header)});
  advance(session, now);
}

std::optional<config::Backend> Dialler::sticky_endpoint(const Session& session, TimePoint now) {
  const std::chrono::seconds affinity = session.port->state.affinity;
  if (affinity == std::chrono::seconds{0}) return std::nullopt;
  return affinity_.find({session.port->shared->id(), session.peer.address}, affinity, now);
}

void Dialler::advance(Session& session, TimePoint now) {
  end_waiting(session);
  Session::Dialling& dialling = *session.dialling;
  const WorkerPort& port = *session.port;
  LoadBalancer& balancer = port.shared->balancer(session.choice);
  for (;;) {
    const DialPlan::Step step = dialling.plan.next(balancer, port.shared->ejections(), port.state.set(session.choice),
                                                   pick_context(session, random_, now));
    const auto* const wait = std::get_if<DialPlan::AwaitPlace>(&step);
    if (std::holds_alternative<DialPlan::GiveUp>(step) || (wait != nullptr && !begin_waiting(session))) {
      outcomes_.gave_up(session, now);
      return;
    }
    if (wait != nullptr) {
      dialling.resume = now + wait->length;
      break;
    }
    if (const auto* const pause = std::get_if<DialPlan::Pause>(&step)) {
      dialling.resume = now + pause->length;
      break;
    }
    if (dial(session, std::get<DialPlan::Dial>(step), now)) {
      break;
    }
  }
  arm(session);
}

bool Dialler::dial(Session& session, const DialPlan::Dial& step, TimePoint now) {
  WorkerPort& port = *session.port;
  WorkerEndpoint& endpoint = port.endpoint(step.backend);
  if (!endpoint.try_open(port.state.settings().max_connections)) {
    session.dialling->plan.passed_over(step.backend);
    return false;
  }
  session.endpoint = &endpoint;
  if (session.attempts++ > 0) {
    endpoint.counters->retried.add();
    port.counters.retried.add();
    counters_.connections.retried.add();
  }
  SocketResult socket = start_connect(step.backend.address, step.backend.port);
  if (socket.error == 0) {
    socket.error = poller_.watch(socket.fd.get(), Leg::kEvents, EventTag(EventTag::Kind::kBackend, &session));
  }
  if (socket.error != 0) {
    current_failed(session, counters_.dial_failed(socket.error), now);
    return false;
  }
  Session::Dialling& dialling = *session.dialling;
  session.backend.fd = std::move(socket.fd);
  dialling.started = now;
  dialling.until = now + step.timeout;
  dialling.hedge_at = std::nullopt;
  if (port.state.settings().hedged_dial) dialling.hedge_at = now + hedge_delay(*port.shared);
  return true;
}

bool Dialler::begin_waiting(Session& session) {
  if (session.port->waiting == kMostWaiting) return false;
  ++session.port->waiting;
  session.dialling->awaits_place = true;
  counters_.place_waits.add();
  return true;
}

void Dialler::end_waiting(Session& session) {
  if (std::exchange(session.dialling->awaits_place, false)) --session.port->waiting;
}

void Dialler::begin_hedge(Session& session, TimePoint now) {
  Session::Dialling& dialling = *session.dialling;
  WorkerPort& port = *session.port;
  dialling.hedge_at = std::nullopt;
  const auto step = dialling.plan.hedge(port.shared->balancer(session.choice), port.shared->ejections(),
                                        port.state.set(session.choice), pick_context(session, random_, now));
  if (!step) return;
  WorkerEndpoint& endpoint = port.endpoint(step->backend);
  if (!endpoint.try_open(port.state.settings().max_connections)) {
    dialling.plan.passed_over(step->backend);
    return;
  }
  ++session.attempts;
  counters_.hedges.add();
  SocketResult socket = start_connect(step->backend.address, step->backend.port);
  if (socket.error == 0) {
    socket.error = poller_.watch(socket.fd.get(), Leg::kEvents, EventTag(EventTag::Kind::kHedge, &session));
  }
  if (socket.error != 0) {
    note_failure(session, endpoint, counters_.dial_failed(socket.error), now);
    return;
  }
  dialling.hedge = std::make_unique<Session::Hedge>();
  dialling.hedge->leg.fd = std::move(socket.fd);
  dialling.hedge->endpoint = &endpoint;
  dialling.hedge->started = now;
  dialling.hedge->until = now + step->timeout;
}

void Dialler::drop_hedge(Session& session) {
  if (const auto hedge = std::exchange(session.dialling->hedge, nullptr)) hedge->endpoint->closed();
}

void Dialler::promote_hedge(Session& session) {
  const auto hedge = std::exchange(session.dialling->hedge, nullptr);
  session.backend = std::move(hedge->leg);
  session.endpoint = hedge->endpoint;
  session.dialling->started = hedge->started;
  session.dialling->until = hedge->until;
  session.replaced = true;
  // What the former socket was told of in this turn must not be taken for this one's; it is told anew of its own.
  static_cast<void>(
      poller_.watch_as(session.backend.fd.get(), Leg::kEvents, EventTag(EventTag::Kind::kBackend, &session)));
}

void Dialler::arm(Session& session) {
  const Session::Dialling& dialling = *session.dialling;
  TimePoint deadline = session.backend.fd ? dialling.until : dialling.resume;
  if (dialling.hedge_at) deadline = std::min(deadline, *dialling.hedge_at);
  if (dialling.hedge) deadline = std::min(deadline, dialling.hedge->until);
  wheel_.arm(session, deadline);
}

void Dialler::backend_ready(Session& session, std::uint32_t events, TimePoint now) {
  session.backend.note(events);
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    current_failed(session, counters_.dial_failed(take_socket_error(session.backend.fd.get())), now);
    if (session.dialling->hedge) {
      promote_hedge(session);
      arm(session);
    } else {
      advance(session, now);
    }
  } else if (session.backend.writable) {
    connected(session, now);
  }
}

void Dialler::hedge_ready(Session& session, std::uint32_t events, TimePoint now) {
  Session::Hedge& hedge = *session.dialling->hedge;
  hedge.leg.note(events);
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    hedge_failed(session, counters_.dial_failed(take_socket_error(hedge.leg.fd.get())), now);
    arm(session);
  } else if (hedge.leg.writable) {
    counters_.hedges_won.add();
    session.endpoint->record->load.latency.observe(microseconds_since(session.dialling->started, now), now);
    session.endpoint->closed();
    promote_hedge(session);
    connected(session, now);
  }
}

void Dialler::act_on_deadlines(TimePoint now) {
  wheel_.expire(now, [&](Session& session) {
    try {
      on_deadline(session, now);
    } catch (const std::bad_alloc&) {
      outcomes_.no_memory(session, now);
    }
  });
}

void Dialler::on_deadline(Session& session, TimePoint now) {
  Session::Dialling& dialling = *session.dialling;
  if (dialling.hedge && now >= dialling.hedge->until) hedge_failed(session, DialFailure::kTimedOut, now);
  if (!session.backend.fd) {
    if (now < dialling.resume) {
      arm(session);
    } else {
      advance(session, now);
    }
    return;
  }
  if (now >= dialling.until) {
    current_failed(session, DialFailure::kTimedOut, now);
    if (!dialling.hedge) {
      advance(session, now);
      return;
    }
    promote_hedge(session);
  } else if (dialling.hedge_at && now >= *dialling.hedge_at) {
    begin_hedge(session, now);
  }
  arm(session);
}

void Dialler::current_failed(Session& session, DialFailure failure, TimePoint now) {
  session.backend = Leg{};
  note_failure(session, *std::exchange(session.endpoint, nullptr), failure, now);
}

void Dialler::hedge_failed(Session& session, DialFailure failure, TimePoint now) {
  const auto hedge = std::exchange(session.dialling->hedge, nullptr);
  note_failure(session, *hedge->endpoint, failure, now);
}

void Dialler::note_failure(Session& session, WorkerEndpoint& endpoint, DialFailure failure, TimePoint now) {
  const WorkerPort& port = *session.port;
  // First, for what follows may find no memory.
  endpoint.closed();
  session.dialling->plan.failed(endpoint.record->endpoint, failure);
  if (failure != DialFailure::kLocalShortage) {
    endpoint.counters->failed.add();
    endpoint.record->load.latency.observe(kFailureCost, now);
    if (port.state.settings().ejection &&
        port.shared->eject(endpoint.record->endpoint, port.state.set(session.choice), now, cause_of(failure))) {
      counters_.ejections.add();
    }
  }
  // Last, so that whoever sees the failure sees what came of it.
  counters_.dial_failures[static_cast<std::size_t>(failure)].add();
}

void Dialler::connected(Session& session, TimePoint now) {
  Session::Dialling& dialling = *session.dialling;
  if (!introduce(session.backend.fd.get(), dialling.header)) {
    current_failed(session, DialFailure::kUnreachable, now);
    if (dialling.hedge) promote_hedge(session);
    if (session.backend.fd) {
      arm(session);
    } else {
      advance(session, now);
    }
    return;
  }
  drop_hedge(session);
  WorkerPort& port = *session.port;
  const config::Backend& endpoint = session.endpoint->record->endpoint;
  const auto took = microseconds_since(dialling.started, now);
  port.shared->ejections().succeeded(endpoint);
  session.endpoint->record->load.latency.observe(took, now);
  session.endpoint->record->load.connect_time.observe(took, now);
  port.shared->times(port.worker).connect.add(took);
  if (port.state.affinity > std::chrono::seconds{0}) {
    affinity_.remember({port.shared->id(), session.peer.address}, endpoint, now);
  }
  session.dialling.reset();
  session.unlink();
  outcomes_.connected(session, now);
}

void Dialler::abandon(Session& session) {
  end_waiting(session);
  drop_hedge(session);
  session.unlink();
}

}  // namespace ferry::proxy
