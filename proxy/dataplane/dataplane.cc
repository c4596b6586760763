#include "proxy/dataplane/dataplane.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "proxy/balancer/affinity_table.h"
#include "proxy/capture/capture.h"
#include "proxy/dataplane/listener_table.h"
#include "proxy/dataplane/port_registry.h"
#include "proxy/dataplane/worker.h"

namespace ferry::proxy {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

class Dataplane::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::any_io_executor control, DataplaneOptions options, std::shared_ptr<spdlog::logger> logger)
      : control_(std::move(control)),
        options_(with_a_worker(std::move(options))),
        logger_(logger ? std::move(logger) : spdlog::default_logger()),
        capture_(capture_by(options_, *logger_)),
        listeners_(options_, *capture_, logger_),
        ports_(options_.workers, options_.ejection),
        flows_(options_.max_udp_flows),
        retry_timer_(control_),
        drain_timer_(control_) {}

  void start();
  void apply(const std::vector<config::ServicePortChange>& changes);
  void move_to(NodeView node);
  void use(RuntimeOptions options);
  void stop_accepting();
  void drain(Clock::time_point deadline, std::function<void(DrainResult)> done);
  void stop();
  DataplaneSnapshot snapshot() const;
  std::vector<Port> ports() const;
  Overview overview() const;
  void list_connections(ConnectionListing::Wanted wanted, std::size_t most, ConnectionListing::Done done);
  Batches batches() const;

 private:
  static ServicePortSnapshot snapshot_of(const PortRegistry::Entry& entry);

  static DataplaneOptions with_a_worker(DataplaneOptions options) {
    options.workers = std::max<std::size_t>(options.workers, 1);
    return options;
  }

  static std::unique_ptr<Capture> capture_by(const DataplaneOptions& options, spdlog::logger& logger);
  WorkerReports reports();
  void listener_closed(const ListenAddress& at);
  void ask_for_idle();
  void worker_idle(std::size_t cancelled);
  void post(Commands commands);
  void schedule_retry();

  asio::any_io_executor control_;
  DataplaneOptions options_;
  std::shared_ptr<spdlog::logger> logger_;
  std::unique_ptr<Capture> capture_;
  /// Guards the table and the registry, which snapshot() reads from other threads.
  mutable std::mutex mutex_;
  ListenerTable listeners_;
  PortRegistry ports_;
  AffinityTable affinity_;
  FlowBudget flows_;
  std::vector<std::unique_ptr<Worker>> workers_;
  asio::steady_timer retry_timer_;
  asio::steady_timer drain_timer_;
  std::function<void(DrainResult)> drained_;
  DrainResult drain_result_;
  std::size_t busy_workers_ = 0;
  int drain_rounds_ = 0;
  Counter batches_posted_;
};

std::unique_ptr<Capture> Dataplane::Impl::capture_by(const DataplaneOptions& options, spdlog::logger& logger) {
  std::string why_not;
  auto capture =
      make_capture(options.capture, options.workers, options.listen_backlog, options.service_ranges, why_not);
  logger.info("service addresses are captured by {}{}", capture->name(),
              why_not.empty() ? "" : ", not by sk_lookup: " + why_not);
  return capture;
}

void Dataplane::Impl::start() {
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t index = 0; index < options_.workers; ++index) {
      workers_.push_back(std::make_unique<Worker>(index, options_, affinity_, flows_, reports()));
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
  if (commands.empty()) {
    return;
  }
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

void Dataplane::stop_accepting() { impl_->stop_accepting(); }

void Dataplane::drain(Clock::time_point deadline, std::function<void(DrainResult)> done) {
  impl_->drain(deadline, std::move(done));
}

void Dataplane::stop() { impl_->stop(); }

Dataplane::Batches Dataplane::batches() const { return impl_->batches(); }

DataplaneSnapshot Dataplane::snapshot() const { return impl_->snapshot(); }

std::vector<Dataplane::Port> Dataplane::ports() const { return impl_->ports(); }

Dataplane::Overview Dataplane::overview() const { return impl_->overview(); }

void Dataplane::list_connections(ConnectionListing::Wanted wanted, std::size_t most, ConnectionListing::Done done) {
  impl_->list_connections(std::move(wanted), most, std::move(done));
}

}  // namespace ferry::proxy
