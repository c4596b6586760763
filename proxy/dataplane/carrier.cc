#include "proxy/dataplane/carrier.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <sys/socket.h>

#include "proxy/relay/tcp_socket.h"

namespace ferry::proxy {

namespace {

/// Most connections end before; those that do not are worth four system calls.
constexpr std::chrono::seconds kYouth{20};

}  // namespace

Carrier::Carrier(Poller& poller, RelayResources& resources, WorkerCounters& counters, AffinityTable& affinity,
                 const DataplaneOptions& options, TimePoint now)
    : poller_(poller),
      resources_(resources),
      counters_(counters),
      affinity_(affinity),
      options_(options),
      dialling_(now) {}

Carrier::~Carrier() {
  reset_all();
  finish_turn(TimePoint());
}

void Carrier::take(UniqueFd client, const std::shared_ptr<WorkerPort>& port, const Arrival& arrival, TimePoint now) {
  // Owned by the list it is in, from here until finish_turn() frees it.
  Session& session = *std::make_unique<Session>().release();
  young_.push_back(session);
  session.client.fd = std::move(client);
  session.port = port;
  session.choice = arrival.choice;
  session.dialling = new_dial(*port, arrival, now);
  ++open_;
  port->counters->accepted.add();
  counters_.connections.accepted.add();
  if (const int error =
          poller_.watch(session.client.fd.get(), Leg::kEvents, EventTag(EventTag::Kind::kClient, &session));
      error != 0) {
    counters_.dial_failures[static_cast<std::size_t>(classify_dial_error(error))].add();
    give_up(session);
    return;
  }
  dial_next(session, now);
}

std::unique_ptr<Session::Dialling> Carrier::new_dial(const WorkerPort& port, const Arrival& arrival, TimePoint now) {
  std::optional<config::Backend> preferred;
  std::optional<config::IpAddress> client;
  if (port.state.affinity > std::chrono::seconds{0} && arrival.client) {
    client = arrival.client;
    preferred = affinity_.find({port.shared->id(), *client}, port.state.affinity, now);
  }
  return std::make_unique<Session::Dialling>(
      Session::Dialling{DialPlan(options_.dial_timeouts, now, preferred), TimePoint(), true, client, arrival.header});
}

void Carrier::client_ready(Session& session, std::uint32_t events, TimePoint now) {
  if (session.closed) {
    return;
  }
  session.client.note(events);
  if (!session.dialling) {
    carry(session, now);
  } else if (session.client.failed) {
    // A FIN alone is no reason to stop: the client may have sent its request and wait for the answer.
    close(session);
  }
}

void Carrier::backend_ready(Session& session, std::uint32_t events, TimePoint now) {
  if (session.closed) {
    return;
  }
  session.backend.note(events);
  if (!session.dialling) {
    carry(session, now);
  } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    dial_failed(session, classify_dial_error(take_socket_error(session.backend.fd.get())), now);
    dial_next(session, now);
  } else if (session.backend.writable) {
    connected(session, now);
  }
}

void Carrier::finish_turn(TimePoint now) {
  turn_.swap(queued_);
  for (Session* const session : turn_) {
    session->queued = false;
    if (!session->closed) {
      carry(*session, now);
    }
  }
  turn_.clear();
  if (!closed_.empty()) {
    queued_.erase(std::remove_if(queued_.begin(), queued_.end(), [](const Session* s) { return s->closed; }),
                  queued_.end());
  }
  while (!closed_.empty()) {
    const std::unique_ptr<Session> freed(&closed_.front());
  }
}

void Carrier::act_on_deadlines(TimePoint now) {
  dialling_.expire(now, [&](Session& session) { dial_deadline(session, now); });
  settle_aged(now);
  while (!half_closed_.empty() && now - half_closed_.front().since >= options_.half_close_timeout) {
    counters_.half_close_timeouts.add();
    reset(half_closed_.front());
  }
}

void Carrier::settle_aged(TimePoint now) {
  while (!young_.empty() && now - young_.front().since >= kYouth) {
    Session& session = young_.front();
    keep_alive(session.backend.fd.get());
    settled_.push_back(session);
  }
}

std::optional<Carrier::TimePoint> Carrier::next_deadline() {
  std::optional<TimePoint> next = dialling_.next();
  const auto consider = [&](TimePoint deadline) { next = next ? std::min(*next, deadline) : deadline; };
  if (!young_.empty()) {
    consider(young_.front().since + kYouth);
  }
  if (!half_closed_.empty()) {
    consider(half_closed_.front().since + options_.half_close_timeout);
  }
  return next;
}

void Carrier::reset_all() {
  dialling_.clear([&](Session& session) { reset(session); });
  for (IntrusiveList<Session>* const list : {&young_, &settled_, &half_closed_}) {
    while (!list->empty()) {
      reset(list->front());
    }
  }
}

void Carrier::dial_next(Session& session, TimePoint now) {
  Session::Dialling& dialling = *session.dialling;
  const WorkerPort& port = *session.port;
  LoadBalancer& balancer = port.shared->balancer(session.choice);
  for (;;) {
    const DialPlan::Step step =
        dialling.plan.next(balancer, port.shared->ejections(), port.state.set(session.choice), now);
    if (std::holds_alternative<DialPlan::GiveUp>(step)) {
      give_up(session);
      return;
    }
    if (const auto* const pause = std::get_if<DialPlan::Pause>(&step)) {
      dialling.deadline = now + pause->length;
      break;
    }
    if (dial(session, std::get<DialPlan::Dial>(step), now)) {
      break;
    }
  }
  dialling_.arm(session, dialling.deadline);
}

bool Carrier::dial(Session& session, const DialPlan::Dial& step, TimePoint now) {
  if (!std::exchange(session.dialling->first, false)) {
    session.port->counters->retried.add();
    counters_.connections.retried.add();
  }
  SocketResult socket = start_connect(step.backend.address, step.backend.port);
  if (socket.error == 0) {
    socket.error = poller_.watch(socket.fd.get(), Leg::kEvents, EventTag(EventTag::Kind::kBackend, &session));
  }
  if (socket.error != 0) {
    dial_failed(session, classify_dial_error(socket.error), now);
    return false;
  }
  session.backend.fd = std::move(socket.fd);
  session.dialling->deadline = now + step.timeout;
  return true;
}

void Carrier::dial_failed(Session& session, DialFailure failure, TimePoint now) {
  counters_.dial_failures[static_cast<std::size_t>(failure)].add();
  session.backend = Leg{};
  const WorkerPort& port = *session.port;
  if (failure != DialFailure::kLocalShortage &&
      port.shared->ejections().failed(session.dialling->plan.current(), port.state.set(session.choice), now)) {
    counters_.ejections.add();
  }
  session.dialling->plan.failed(failure);
}

bool Carrier::introduce(const Session& session) {
  const std::string& header = session.dialling->header;
  // The buffer of a new connection has room for it.
  return header.empty() || ::send(session.backend.fd.get(), header.data(), header.size(),
                                  MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(header.size());
}

void Carrier::connected(Session& session, TimePoint now) {
  if (!introduce(session)) {
    dial_failed(session, DialFailure::kUnreachable, now);
    dial_next(session, now);
    return;
  }
  session.port->shared->ejections().succeeded(session.dialling->plan.current());
  if (const Session::Dialling& dialled = *session.dialling; dialled.client) {
    affinity_.remember({session.port->shared->id(), *dialled.client}, dialled.plan.current(), now);
  }
  session.dialling.reset();
  session.since = now;
  young_.push_back(session);
  session.client.writable = true;
  carry(session, now);
}

void Carrier::dial_deadline(Session& session, TimePoint now) {
  if (now < session.dialling->deadline) {
    dialling_.arm(session, session.dialling->deadline);
    return;
  }
  if (session.backend.fd) {
    dial_failed(session, DialFailure::kTimedOut, now);
  }
  dial_next(session, now);
}

void Carrier::give_up(Session& session) {
  session.port->counters->failed.add();
  counters_.connections.failed.add();
  reset(session);
}

void Carrier::carry(Session& session, TimePoint now) {
  const Direction::Result up = session.to_backend.pump(session.client, session.backend, resources_);
  const Direction::Result down = session.to_client.pump(session.backend, session.client, resources_);
  if (up.moved > 0) {
    session.port->counters->to_backend.add(up.moved);
    counters_.connections.to_backend.add(up.moved);
  }
  if (down.moved > 0) {
    session.port->counters->to_client.add(down.moved);
    counters_.connections.to_client.add(down.moved);
  }
  const bool more = up.state == Direction::State::kMore || down.state == Direction::State::kMore;
  const bool broken = up.state == Direction::State::kBroken || down.state == Direction::State::kBroken;
  if (broken || (!more && (session.client.failed || session.backend.failed))) {
    pass_reset(session);
    return;
  }
  if (more && !session.queued) {
    session.queued = true;
    queued_.push_back(&session);
  }
  if (session.to_backend.sender_finished() || session.to_client.sender_finished()) {
    pass_ends(session, up, down, now);
  }
}

void Carrier::pass_ends(Session& session, const Direction::Result& up, const Direction::Result& down, TimePoint now) {
  const bool up_finished = up.state == Direction::State::kFinished;
  const bool down_finished = down.state == Direction::State::kFinished;
  if (up_finished && down_finished) {
    // Closing sends the FIN that was not passed yet.
    close(session);
    return;
  }
  if (up_finished && !std::exchange(session.backend_told, true)) {
    ::shutdown(session.backend.fd.get(), SHUT_WR);
  }
  if (down_finished && !std::exchange(session.client_told, true)) {
    ::shutdown(session.client.fd.get(), SHUT_WR);
  }
  if (!std::exchange(session.half_closed, true) || up.moved + down.moved > 0) {
    session.since = now;
    half_closed_.push_back(session);
  }
}

void Carrier::pass_reset(Session& session) {
  counters_.resets_passed.add();
  reset(session);
}

void Carrier::reset(Session& session) {
  close_with_reset(std::move(session.client.fd));
  if (session.backend.fd && !session.dialling) {
    close_with_reset(std::move(session.backend.fd));
  }
  close(session);
}

void Carrier::close(Session& session) {
  session.to_backend.release(resources_);
  session.to_client.release(resources_);
  session.client.fd.reset();
  session.backend.fd.reset();
  session.closed = true;
  session.port->counters->closed.add();
  counters_.connections.closed.add();
  --open_;
  closed_.push_back(session);
}

}  // namespace ferry::proxy
