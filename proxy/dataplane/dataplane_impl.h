#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "proxy/balancer/affinity_table.h"
#include "proxy/capture/capture.h"
#include "proxy/dataplane/dataplane.h"
#include "proxy/dataplane/listener_table.h"
#include "proxy/dataplane/port_registry.h"
#include "proxy/dataplane/worker.h"

namespace ferry::proxy {

/// What a Dataplane is made of. dataplane.cc has its daily life, dataplane_succession.cc how it takes another's place
/// and how another takes its own.
class Dataplane::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::any_io_executor control, DataplaneOptions options, std::shared_ptr<spdlog::logger> logger)
      : control_(std::move(control)),
        options_(with_a_worker(std::move(options))),
        logger_(logger ? std::move(logger) : spdlog::default_logger()),
        capture_(capture_by(options_, *logger_)),
        listeners_(options_, *capture_, logger_),
        ports_(options_.workers, options_.ejection, &options_.on_ejected),
        flows_(options_.max_udp_flows),
        retry_timer_(control_),
        drain_timer_(control_) {}

  void start();
  void apply(const std::vector<config::ServicePortChange>& changes);
  void move_to(NodeView node);
  void use(RuntimeOptions options);
  void stop_accepting();
  void leave_accepting();
  void drain(std::chrono::steady_clock::time_point deadline, std::function<void(DrainResult)> done);
  void stop();
  void inherit(Inheritance inheritance);
  void take_affinities(const std::vector<HandedAffinity>& affinities);
  void take_flow(HandedFlow flow);
  void take_effect();
  void take_connection(HandedConnection connection);
  std::string_view capture_name() const { return capture_->name(); }
  std::vector<HandedSocket> sockets() const;
  Inheritance bequeath();
  void hold(std::function<void(Held)> done);
  void resume();
  void leave_listeners(std::function<void()> done);
  void give_connections(std::size_t most, std::function<void(std::vector<HandedConnection>, std::size_t)> done);
  DataplaneSnapshot snapshot() const;
  std::vector<Port> ports() const;
  Overview overview() const;
  void suspect(const config::ServicePortName& name, const config::Backend& endpoint, EjectionCause cause);
  bool suspects(const config::ServicePortName& name) const;
  void list_connections(ConnectionListing::Wanted wanted, std::size_t most, ConnectionListing::Done done);
  Batches batches() const;
  void nudge_workers() { post_batch(Commands{}); }

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
  void post_batch(Commands commands);
  /// To one worker.
  void post_to(std::size_t worker, Command command);
  std::vector<HandedAffinity> affinities() const;
  void schedule_retry();

  boost::asio::any_io_executor control_;
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
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer drain_timer_;
  std::function<void(DrainResult)> drained_;
  DrainResult drain_result_;
  std::size_t busy_workers_ = 0;
  int drain_rounds_ = 0;
  Counter batches_posted_;
  /// Those that suspect() has brought about.
  Counter ejections_;
  /// What came while another process takes this one's place, to be followed should it fail.
  struct Frozen {
    std::vector<std::vector<config::ServicePortChange>> changes;
    std::optional<NodeView> node;
  };
  std::optional<Frozen> frozen_;
  std::size_t next_worker_ = 0;
};

}  // namespace ferry::proxy
