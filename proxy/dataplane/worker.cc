#include "proxy/dataplane/worker.h"

#include <algorithm>
#include <csignal>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include <pthread.h>

namespace ferry::proxy {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint64_t kToleratedLead = 4;
/// Turns after which deadlines are acted on though events may still wait.
constexpr std::size_t kMostFullTurns = 16;

/// Whether the batch that begins with it is one of those that are counted (Dataplane::Batches).
bool is_change(const Command& first) {
  return !std::holds_alternative<Adopt>(first) && !std::holds_alternative<ListConnections>(first) &&
         !std::holds_alternative<TakeFlow>(first) && !std::holds_alternative<TakeConnection>(first);
}

}  // namespace

Worker::Worker(std::size_t index, const DataplaneOptions& options, AffinityTable& affinity, FlowBudget& flows,
               WorkerReports reports)
    : index_(index),
      options_(options),
      reports_(std::move(reports)),
      resources_(options.max_held_bytes_per_worker, options.max_pipes_per_worker),
      carrier_(poller_, resources_, counters_, affinity, options_, Clock::now()),
      headers_(poller_, counters_,
               [this](UniqueFd client, const Target& target, const Peer& peer, Clock::time_point now) {
                 with_connection_memory([&] { acceptor_.go_on(std::move(client), target, peer, now); });
               }),
      acceptor_(
          poller_, carrier_, headers_, counters_, options.workers == 1,
          [this](UniqueFd& client, const Arrival& arrival, const WorkerPort& port) {
            return offer(client, arrival, port);
          },
          reports_.listener_closed),
      datagrams_(poller_, counters_, affinity, flows, options_, reports_.listener_closed) {
  const int error = poller_.watch(mailbox_.wake_fd(), EPOLLIN | EPOLLET, EventTag(EventTag::Kind::kMailbox, &mailbox_));
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "cannot watch a worker's mailbox");
  }
}

Worker::~Worker() { quit(); }

void Worker::start() {
  // Signals are the main thread's business; a new thread inherits the mask of the one that starts it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), ("ferry-worker-" + std::to_string(index_ % 100)).c_str());
}

void Worker::quit() {
  if (thread_.joinable()) {
    post(std::make_shared<const Commands>(Commands{Quit{}}));
    thread_.join();
  }
}

void Worker::add_to(DataplaneTotals& totals) const {
  counters_.add_to(totals);
  totals.held_bytes += resources_.held.value();
  totals.pipes += resources_.pipes.existing().value();
  totals.pipes_denied += resources_.pipes.denied().value();
}

void Worker::run() {
  while (!quitting_) {
    const auto events = carrier_.has_queued() ? poller_.poll() : poller_.wait(next_deadline());
    const Clock::time_point now = Clock::now();
    for (const epoll_event& event : events) {
      tell(event, now);
    }
    full_turns_ = poller_.full(events) ? full_turns_ + 1 : 0;
    if (full_turns_ % kMostFullTurns == 0) {
      carrier_.act_on_deadlines(now);
      headers_.act_on_deadlines(now);
      datagrams_.act_on_deadlines(now);
    }
    datagrams_.finish_turn();
    headers_.finish_turn();
    acceptor_.finish_turn(now);
    // After the others, for it is streams' turn then.
    carrier_.finish_turn(now);
    // Last, because commands end watches that events of this turn may still have been for.
    if (std::exchange(mail_, false)) {
      obey_commands(now);
    }
    report_idle();
  }
  headers_.reset_all();
  carrier_.reset_all();
  datagrams_.close_all();
}

template <typename Work>
void Worker::with_connection_memory(Work work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    counters_.shed_for_memory.add();
  }
}

template <typename Work>
void Worker::with_memory(Work work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    counters_.datagrams_dropped.add();
  }
}

void Worker::tell(const epoll_event& event, Clock::time_point now) {
  const EventTag tag(event);
  if (tag.kind() != EventTag::Kind::kClient && tag.kind() != EventTag::Kind::kBackend) carrier_.note_others();
  switch (tag.kind()) {
    case EventTag::Kind::kMailbox:
      mail_ = true;
      break;
    case EventTag::Kind::kListener:
      acceptor_.ready(tag.target<Acceptor::Watch>(), now);
      break;
    case EventTag::Kind::kClient:
      carrier_.client_ready(tag.target<Session>(), event.events, now);
      break;
    case EventTag::Kind::kBackend:
      carrier_.backend_ready(tag.target<Session>(), event.events, now);
      break;
    case EventTag::Kind::kHedge:
      carrier_.hedge_ready(tag.target<Session>(), event.events, now);
      break;
    case EventTag::Kind::kService:
      with_memory([&] { datagrams_.service_ready(tag.target<DatagramService>(), now); });
      break;
    case EventTag::Kind::kHeader:
      headers_.ready(tag.target<HeaderReader::Waiting>(), now);
      break;
    case EventTag::Kind::kFlow:
      with_memory([&] { datagrams_.flow_ready(tag.target<Flow>(), now); });
      break;
  }
}

void Worker::listen(const Listen& command) {
  if (command.socket->at.protocol == config::Protocol::kTcp) {
    acceptor_.listen(command.socket, port_of(command.port), command.frontend);
  } else if (command.socket->owner == index_) {
    datagrams_.listen(command.socket, port_of(command.port), command.frontend);
  }
}

void Worker::unlisten(const Unlisten& command, Clock::time_point now) {
  if (command.socket->at.protocol == config::Protocol::kTcp) {
    acceptor_.unlisten(*command.socket, now);
  } else if (command.socket->owner == index_) {
    datagrams_.unlisten(*command.socket);
  }
}

void Worker::use(const RuntimeOptions& options) {
  options_.half_close_timeout = options.half_close_timeout;
  options_.dead_peer_timeout = options.dead_peer_timeout;
  options_.udp_idle_timeout = options.udp_idle_timeout;
  options_.on_closed = options.on_closed;
}

void Worker::obey_commands(Clock::time_point now) {
  struct Obey {
    Worker& worker;
    Clock::time_point now;

    void operator()(const Listen& command) const { worker.listen(command); }
    void operator()(const Unlisten& command) const { worker.unlisten(command, now); }
    void operator()(const UseState& command) const {
      const std::shared_ptr<WorkerPort>& port = worker.port_of(command.port);
      port->state = command.state;
      if (port->shared->name()->protocol == config::Protocol::kUdp) {
        worker.datagrams_.state_changed(*port, now);
      } else {
        worker.carrier_.state_changed(port, now);
      }
    }
    void operator()(const Forget& command) const { worker.ports_.erase(command.port.get()); }
    void operator()(const UseOptions& command) const { worker.use(*command.options); }
    void operator()(const ListConnections& command) const { worker.list_connections(*command.listing, now); }
    void operator()(const Adopt& command) const { worker.adopt(*command.adoption, now); }
    void operator()(const Hold& /*command*/) const {
      worker.acceptor_.hold();
      worker.datagrams_.hold();
    }
    void operator()(const Proceed& /*command*/) const {
      worker.acceptor_.proceed();
      worker.datagrams_.proceed();
    }
    void operator()(const LeaveStreams& /*command*/) const { worker.acceptor_.leave_listeners(); }
    void operator()(const LeaveListeners& /*command*/) const {
      worker.acceptor_.leave_listeners();
      worker.datagrams_.leave_services();
    }
    void operator()(const AcceptInherited& command) const {
      if (command.socket->owner == worker.index_) worker.acceptor_.accept_inherited(command.socket, now);
    }
    void operator()(const GiveFlows& command) const { command.gathering->add(worker.datagrams_.give_flows(now), 0); }
    void operator()(const GiveConnections& command) const { worker.give_connections(*command.gathering, now); }
    void operator()(const TakeFlow& command) const {
      worker.datagrams_.take_flow(*command.socket, std::move(*command.flow), now);
    }
    void operator()(const TakeConnection& command) const {
      worker.awaited_.fetch_sub(1, std::memory_order_relaxed);
      worker.with_connection_memory([&] {
        worker.carrier_.take_over(std::move(*command.connection), worker.port_or_former(command.port, command.state),
                                  now);
      });
    }
    void operator()(const ReportIdle& /*command*/) const { worker.report_when_idle_ = true; }
    void operator()(const CancelAll& /*command*/) const {
      worker.cancelled_ += worker.carrier_.open() + worker.headers_.size();
      worker.headers_.reset_all();
      worker.carrier_.reset_all();
    }
    void operator()(const Quit& /*command*/) const { worker.quitting_ = true; }
  };
  for (Mailbox::Batch& posted : mailbox_.take()) {
    // Let go of once it is done, not with the last of many.
    const Mailbox::Batch batch = std::move(posted);
    for (const Command& command : *batch) {
      std::visit(Obey{*this, now}, command);
    }
    acceptor_.finish_commands(now);
    if (batch->empty() || is_change(batch->front())) {
      counters_.batches_done.add();
    }
  }
}

std::uint64_t Worker::load() const {
  const std::uint64_t closed = counters_.connections.closed.value();
  return counters_.connections.accepted.value() - closed + awaited_.load(std::memory_order_relaxed);
}

bool Worker::offer(UniqueFd& client, const Arrival& arrival, const WorkerPort& port) {
  Worker* const idlest = *std::min_element(workers_.begin(), workers_.end(),
                                           [](const Worker* a, const Worker* b) { return a->load() < b->load(); });
  const std::uint64_t fewest = idlest->load();
  // A handover costs a wake-up; a difference of this size is not worth it.
  if (load() <= fewest + kToleratedLead + fewest / 16) {
    return false;
  }
  const auto adoption = std::make_shared<Adoption>(Adoption{UniqueFd(), port.shared, port.state, arrival});
  const auto batch = std::make_shared<const Commands>(Commands{Adopt{adoption}});
  adoption->client = std::move(client);
  idlest->awaited_.fetch_add(1, std::memory_order_relaxed);
  try {
    idlest->post(batch);
  } catch (const std::bad_alloc&) {
    idlest->awaited_.fetch_sub(1, std::memory_order_relaxed);
    client = std::move(adoption->client);
    return false;
  }
  return true;
}

void Worker::adopt(Adoption& adoption, Clock::time_point now) {
  awaited_.fetch_sub(1, std::memory_order_relaxed);
  with_connection_memory([&] {
    carrier_.take(std::move(adoption.client), port_or_former(adoption.port, adoption.state), adoption.arrival, now);
  });
}

void Worker::give_connections(Gathering<HandedConnection>& gathering, Clock::time_point now) {
  std::vector<HandedConnection> given = carrier_.give(gathering.most, now);
  gathering.add(std::move(given), carrier_.open() + headers_.size());
}

void Worker::list_connections(ConnectionListing& listing, Clock::time_point now) {
  std::vector<ConnectionRecord> found;
  carrier_.list(found, listing.wanted, listing.most, now);
  listing.add(std::move(found), carrier_.open());
}

void Worker::report_idle() {
  if (report_when_idle_ && carrier_.open() == 0 && headers_.size() == 0) {
    report_when_idle_ = false;
    reports_.idle(std::exchange(cancelled_, 0));
  }
}

std::optional<Clock::time_point> Worker::next_deadline() {
  std::optional<Clock::time_point> next;
  for (const auto& deadline :
       {carrier_.next_deadline(), headers_.next_deadline(), acceptor_.next_deadline(), datagrams_.next_deadline()}) {
    if (deadline) next = next ? std::min(*next, *deadline) : deadline;
  }
  return next;
}

std::shared_ptr<WorkerPort> Worker::port_or_former(const std::shared_ptr<ServedPort>& port,
                                                   const PortState& state) const {
  const auto found = ports_.find(port.get());
  return found != ports_.end() ? found->second : std::make_shared<WorkerPort>(port, index_, state);
}

const std::shared_ptr<WorkerPort>& Worker::port_of(const std::shared_ptr<ServedPort>& port) {
  std::shared_ptr<WorkerPort>& entry = ports_[port.get()];
  if (!entry) entry = std::make_shared<WorkerPort>(port, index_);
  return entry;
}

}  // namespace ferry::proxy
