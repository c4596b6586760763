#include "proxy/dataplane/dataplane.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

#include "proxy/balancer/endpoint_order.h"
#include "proxy/dataplane/dataplane_impl.h"

namespace ferry::proxy {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

std::unique_ptr<Capture> Dataplane::Impl::capture_by(const DataplaneOptions& options, spdlog::logger& logger) {
  std::string why_not;
  auto capture = make_capture(options.capture, options.workers, options.listen_backlog, options.service_ranges,
                              options.heir, why_not);
  logger.info("service addresses are captured by {}{}", capture->name(),
              why_not.empty() ? "" : ", not by sk_lookup: " + why_not);
  return capture;
}

void Dataplane::Impl::start() {
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t index = 0; index < options_.workers; ++index) {
      workers_.push_back(std::make_unique<Worker>(index, options_, affinity_, flows_, reports()));
      if (options_.heir) workers_.back()->hold();
      for (UniqueFd& listener : capture_->take_listeners(index)) {
        workers_.back()->listen_on(std::move(listener));
      }
    }
  }
  std::vector<Worker*> all;
  for (const std::unique_ptr<Worker>& worker : workers_) {
    all.push_back(worker.get());
  }
  for (Worker* const worker : all) {
    worker->meet(all);
  }
  for (Worker* const worker : all) {
    worker->start();
  }
}

WorkerReports Dataplane::Impl::reports() {
  const std::weak_ptr<Impl> weak = weak_from_this();
  const auto tell = [weak, control = control_](auto what) {
    asio::post(control, [weak, what] {
      if (const std::shared_ptr<Impl> self = weak.lock()) {
        what(*self);
      }
    });
  };
  return WorkerReports{
      [tell](const ListenSocket& socket) { tell([at = socket.at](Impl& self) { self.listener_closed(at); }); },
      [tell](std::size_t cancelled) { tell([cancelled](Impl& self) { self.worker_idle(cancelled); }); }};
}

void Dataplane::Impl::apply(const std::vector<config::ServicePortChange>& changes) {
  Commands commands;
  if (frozen_) {
    frozen_->changes.push_back(changes);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    Commands updates;
    ports_.apply(changes, listeners_, updates);
    listeners_.settle(Clock::now(), commands);
    std::move(updates.begin(), updates.end(), std::back_inserter(commands));
  }
  post(std::move(commands));
  schedule_retry();
}

void Dataplane::Impl::move_to(NodeView node) {
  if (frozen_) {
    frozen_->node = std::move(node);
    return;
  }
  Commands commands;
  {
    const std::lock_guard lock(mutex_);
    ports_.move_to(Surroundings(std::move(node)), listeners_);
    listeners_.settle(Clock::now(), commands);
  }
  post(std::move(commands));
  schedule_retry();
}

void Dataplane::Impl::use(RuntimeOptions options) {
  options_.ejection.max_percent.set(options.max_ejected_percent);
  post(Commands{UseOptions{std::make_shared<const RuntimeOptions>(std::move(options))}});
}

void Dataplane::Impl::stop_accepting() {
  Commands commands;
  {
    const std::lock_guard lock(mutex_);
    listeners_.stop(commands);
  }
  post(std::move(commands));
  retry_timer_.cancel();
}

void Dataplane::Impl::leave_accepting() {
  {
    const std::lock_guard lock(mutex_);
    listeners_.leave_streams();
  }
  post(Commands{LeaveStreams{}});
  retry_timer_.cancel();
}

void Dataplane::Impl::drain(Clock::time_point deadline, std::function<void(DrainResult)> done) {
  if (workers_.empty()) {
    asio::post(control_, [done = std::move(done)] { done(DrainResult{}); });
    return;
  }
  drained_ = std::move(done);
  drain_result_ = DrainResult{};
  drain_rounds_ = 2;
  ask_for_idle();
  drain_timer_.expires_at(deadline);
  drain_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const std::shared_ptr<Impl> self = weak.lock();
    if (!error && self) {
      self->post(Commands{CancelAll{}});
    }
  });
}

void Dataplane::Impl::ask_for_idle() {
  busy_workers_ = workers_.size();
  post(Commands{ReportIdle{}});
}

void Dataplane::Impl::stop() {
  retry_timer_.cancel();
  drain_timer_.cancel();
  drained_ = nullptr;
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->quit();
  }
  const std::lock_guard lock(mutex_);
  listeners_.abandon();
  capture_->stop();
}

DataplaneSnapshot Dataplane::Impl::snapshot() const {
  DataplaneSnapshot snapshot;
  std::vector<PortRegistry::Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    entries = ports_.entries();
    snapshot.listeners = listeners_.open_count();
    snapshot.affinity_entries = affinity_.size();
    snapshot.unserved = listeners_.unserved();
    snapshot.totals.listen_failures = listeners_.failures();
    snapshot.totals.ejections = ejections_.value();
    snapshot.sctp_ports_not_served = ports_.sctp_ports();
    snapshot.listeners_closing = listeners_.closing_count();
    snapshot.batches_posted = snapshot.batches_done = batches_posted_.value();
    for (const std::unique_ptr<Worker>& worker : workers_) {
      worker->add_to(snapshot.totals);
      snapshot.batches_done = std::min(snapshot.batches_done, worker->batches_done());
    }
  }
  snapshot.service_ports.reserve(entries.size());
  for (const PortRegistry::Entry& entry : entries) {
    snapshot.endpoints_ejected += entry.port->ejections().size();
    snapshot.service_ports.push_back(snapshot_of(entry));
  }
  return snapshot;
}

ServicePortSnapshot Dataplane::Impl::snapshot_of(const PortRegistry::Entry& entry) {
  ServicePortSnapshot made{entry.port->name(), entry.port->connections(), entry.info == nullptr};
  if (made.connections.accepted == 0) return made;
  ServicePortDetail detail{entry.port->ejections().total(), entry.port->connect_times(), entry.port->life_times(), {}};
  for (const auto& record : entry.port->endpoints().all()) {
    detail.endpoints.push_back({record->endpoint, record->connections()});
  }
  made.detail = std::make_shared<const ServicePortDetail>(std::move(detail));
  return made;
}

std::vector<Dataplane::Port> Dataplane::Impl::ports() const {
  std::vector<PortRegistry::Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    entries = ports_.entries();
  }
  std::vector<Port> ports;
  ports.reserve(entries.size());
  for (PortRegistry::Entry& entry : entries) ports.push_back({std::move(entry.port), std::move(entry.info)});
  return ports;
}

Dataplane::Overview Dataplane::Impl::overview() const {
  Overview overview;
  const std::lock_guard lock(mutex_);
  overview.unserved = listeners_.unserved().size();
  for (const std::unique_ptr<Worker>& worker : workers_) worker->add_to(overview.totals);
  return overview;
}

void Dataplane::Impl::suspect(const config::ServicePortName& name, const config::Backend& endpoint,
                              EjectionCause cause) {
  const std::lock_guard lock(mutex_);
  const auto found = ports_.present(name);
  if (!found || !found->state->settings().ejection) return;
  const bool local = found->info->internal_traffic_policy == config::TrafficPolicy::kLocal;
  const SetChoice choice{endpoint.address.family(), local ? Scope::kLocal : Scope::kCluster};
  const config::BackendSet& set = found->state->set(choice);
  // It may have gone meanwhile.
  if (!position_of(set, endpoint)) return;
  if (found->port->eject(endpoint, set, Clock::now(), cause)) ejections_.add();
}

bool Dataplane::Impl::suspects(const config::ServicePortName& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = ports_.present(name);
  return found && found->port->ejections().size() > 0;
}

void Dataplane::Impl::list_connections(ConnectionListing::Wanted wanted, std::size_t most,
                                       ConnectionListing::Done done) {
  const auto listing = std::make_shared<ConnectionListing>(std::move(wanted), most, options_.workers, std::move(done));
  const auto batch = std::make_shared<const Commands>(Commands{ListConnections{listing}});
  const std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Worker>& worker : workers_) worker->post(batch);
}

Dataplane::Batches Dataplane::Impl::batches() const {
  const std::lock_guard lock(mutex_);
  Batches batches{batches_posted_.value(), batches_posted_.value()};
  for (const std::unique_ptr<Worker>& worker : workers_) batches.done = std::min(batches.done, worker->batches_done());
  return batches;
}

void Dataplane::Impl::listener_closed(const ListenAddress& at) {
  Commands commands;
  {
    const std::lock_guard lock(mutex_);
    listeners_.closed(at, Clock::now(), commands);
  }
  post(std::move(commands));
  schedule_retry();
}

void Dataplane::Impl::worker_idle(std::size_t cancelled) {
  drain_result_.cancelled += cancelled;
  if (busy_workers_ == 0 || --busy_workers_ > 0 || !drained_) {
    return;
  }
  // A worker may have said so just before another handed it a connection. Once all have said so nobody accepts any
  // more, and a second question comes after whatever was handed over.
  if (--drain_rounds_ > 0) {
    ask_for_idle();
  } else {
    drain_timer_.cancel();
    std::exchange(drained_, nullptr)(drain_result_);
  }
}

void Dataplane::Impl::post(Commands commands) {
  if (!commands.empty()) {
    post_batch(std::move(commands));
  }
}

void Dataplane::Impl::post_batch(Commands commands) {
  batches_posted_.add();
  const auto batch = std::make_shared<const Commands>(std::move(commands));
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->post(batch);
  }
}

void Dataplane::Impl::schedule_retry() {
  std::optional<Clock::time_point> next;
  {
    const std::lock_guard lock(mutex_);
    next = listeners_.next_retry();
  }
  if (!next) {
    retry_timer_.cancel();
    return;
  }
  retry_timer_.expires_at(*next);
  retry_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const std::shared_ptr<Impl> self = weak.lock();
    if (error || !self) {
      return;
    }
    Commands commands;
    {
      const std::lock_guard lock(self->mutex_);
      self->listeners_.retry(Clock::now(), commands);
    }
    self->post(std::move(commands));
    self->schedule_retry();
  });
}

Dataplane::Dataplane(asio::any_io_executor control, DataplaneOptions options, std::shared_ptr<spdlog::logger> logger)
    : impl_(std::make_shared<Impl>(std::move(control), std::move(options), std::move(logger))) {}

Dataplane::~Dataplane() { stop(); }

void Dataplane::start() { impl_->start(); }

void Dataplane::apply(const std::vector<config::ServicePortChange>& changes) { impl_->apply(changes); }

void Dataplane::move_to(NodeView node) { impl_->move_to(std::move(node)); }

void Dataplane::use(RuntimeOptions options) { impl_->use(std::move(options)); }

void Dataplane::inherit(Inheritance inheritance) { impl_->inherit(std::move(inheritance)); }

void Dataplane::take_affinities(const std::vector<HandedAffinity>& affinities) { impl_->take_affinities(affinities); }

void Dataplane::take_flow(HandedFlow flow) { impl_->take_flow(std::move(flow)); }

void Dataplane::take_effect() { impl_->take_effect(); }

void Dataplane::take_connection(HandedConnection connection) { impl_->take_connection(std::move(connection)); }

std::string_view Dataplane::capture_name() const { return impl_->capture_name(); }

std::vector<HandedSocket> Dataplane::sockets() const { return impl_->sockets(); }

Inheritance Dataplane::bequeath() { return impl_->bequeath(); }

void Dataplane::hold(std::function<void(Held)> done) { impl_->hold(std::move(done)); }

void Dataplane::resume() { impl_->resume(); }

void Dataplane::leave_listeners(std::function<void()> done) { impl_->leave_listeners(std::move(done)); }

void Dataplane::give_connections(std::size_t most,
                                 std::function<void(std::vector<HandedConnection>, std::size_t left)> done) {
  impl_->give_connections(most, std::move(done));
}

void Dataplane::stop_accepting() { impl_->stop_accepting(); }

void Dataplane::leave_accepting() { impl_->leave_accepting(); }

void Dataplane::drain(Clock::time_point deadline, std::function<void(DrainResult)> done) {
  impl_->drain(deadline, std::move(done));
}

void Dataplane::stop() { impl_->stop(); }

Dataplane::Batches Dataplane::batches() const { return impl_->batches(); }

void Dataplane::nudge_workers() { impl_->nudge_workers(); }

DataplaneSnapshot Dataplane::snapshot() const { return impl_->snapshot(); }

std::vector<Dataplane::Port> Dataplane::ports() const { return impl_->ports(); }

Dataplane::Overview Dataplane::overview() const { return impl_->overview(); }
void Dataplane::suspect(const config::ServicePortName& name, const config::Backend& endpoint, EjectionCause cause) {
  impl_->suspect(name, endpoint, cause);
}
bool Dataplane::suspects(const config::ServicePortName& name) const { return impl_->suspects(name); }

void Dataplane::list_connections(ConnectionListing::Wanted wanted, std::size_t most, ConnectionListing::Done done) {
  impl_->list_connections(std::move(wanted), most, std::move(done));
}

}  // namespace ferry::proxy
