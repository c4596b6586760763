#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "config/store.h"
#include "proxy/admin/admin_server.h"
#include "proxy/admin/health.h"
#include "proxy/admin/health_check_server.h"
#include "proxy/admin/local_endpoints.h"
#include "proxy/admin/page_maker.h"
#include "proxy/daemon/manager_link.h"
#include "proxy/daemon/node_link.h"
#include "proxy/daemon/programming_wait.h"
#include "proxy/daemon/reloader.h"
#include "proxy/daemon/stale_rules_notice.h"
#include "proxy/daemon/steering_link.h"
#include "proxy/daemon/succession.h"
#include "proxy/daemon/worker_progress.h"
#include "proxy/dataplane/dataplane.h"
#include "proxy/host/service_manager.h"
#include "proxy/host/stale_rules.h"
#include "proxy/inspect/inspector.h"
#include "proxy/logging/access_log_switch.h"
#include "proxy/logging/logging.h"
#include "proxy/metrics/metrics_page.h"
#include "proxy/metrics/probe_metrics.h"
#include "proxy/metrics/sync_metrics.h"
#include "proxy/options/options.h"
#include "proxy/relay/counter.h"
#include "proxy/steering/steering_controller.h"
#include "watch/rest/rest_client.h"
#include "watch/source/api_source.h"
#include "watch/source/file_source.h"
#include "watch/wait/system_clock.h"

namespace ferry::proxy {

/// The whole daemon: the control thread (the caller's), the admin thread and the workers. The one place that knows
/// config, watch and proxy together.
class Daemon {
 public:
  /// Nothing is opened yet. `invocation`: how this process was started. `api`: how to reach the API server; none when
  /// only files are read.
  Daemon(const Options& options, const Invocation& invocation, std::optional<watch::ClientConfig> api, Before before);

  /// Serves until SIGTERM or SIGINT, then drains and ends; or until another process takes this one's place. Throws
  /// std::exception with one sentence for the log when it cannot start: an address that is taken, a file that is
  /// broken.
  void run();

 private:
  struct StoreView {
    config::StoreStats stats;
    bool synced = false;
  };

  void start();
  void open_addresses();
  void serve_pages();
  void serving();
  void replaced(int pid);
  /// Runs the control thread's handlers until `done`, or a second signal.
  void run_until(const bool& done);
  /// Serves until the signal to end, or until another process serves.
  void serve();
  /// What is left to do once another process serves.
  void retire();
  void stop_watching();
  void drain();
  void end();

  void apply(const std::vector<config::ServicePortChange>& changes);
  /// Shows the admin thread and the service manager how things stand, once a second.
  void beat();
  Standing standing(bool moving) const;
  /// As soon as the relay carries what the first state says.
  void start_steering();
  /// A beat after its last step, so that what other threads needed for it is let go of as well.
  void end_start();
  /// Gives back the memory that only the start needed.
  void release_start();
  void await_signal();
  void add_metrics();
  InspectorSources inspector_sources();
  std::vector<watch::FileSourceStatus> file_status() const;
  DataplaneOptions dataplane_options();
  RuntimeOptions runtime_options(const Options& options) const;
  /// Makes what these options need; the rest is done by what it returns (Reloader::Prepare).
  Reloader::Commit prepare(const Options& next, std::vector<std::string>& needs_restart);
  StoreView store_view() const;

  /// As they were at the start; for those that may change see reloader_.
  const Options options_;
  /// First, while there is no other thread.
  boost::asio::io_context control_{1};
  boost::asio::signal_set signals_{control_};
  boost::asio::steady_timer heartbeat_{control_};
  watch::SystemClock clock_;

  Reloader reloader_;
  Health health_;
  ProbeMetrics probes_;
  SyncMetrics sync_;
  StaleRulesNotice stale_rules_{control_.get_executor(), &find_stale_rules, component_logger("host")};
  MetricsPage metrics_;

  ServiceManager manager_ = ServiceManager::from_environment();
  ManagerLink manager_link_{manager_};
  Succession succession_;

  AccessLogSwitch access_log_;
  Dataplane dataplane_;
  WorkerProgress progress_{dataplane_};
  ProgrammingWait programming_{control_.get_executor(), dataplane_};
  SteeringLink steering_link_{dataplane_};
  SteeringController steering_;
  /// Why nothing can be served.
  std::exception_ptr failure_;
  config::Store store_;
  std::optional<watch::RestClient> rest_;
  std::optional<watch::ApiSource> api_;
  std::list<watch::FileSource> files_;
  Counter wrong_annotations_;

  mutable std::mutex view_mutex_;
  StoreView view_;
  /// Signals received so far: the first ends the daemon in order, the second at once.
  int signals_received_ = 0;
  int last_signal_ = 0;

  bool steering_started_ = false;
  bool start_ended_ = false;

  /// Last, so that its thread ends before what it reads.
  AdminServer admin_;
  std::optional<Inspector> inspector_;
  LocalEndpointCounter local_endpoints_;
  HealthCheckServer health_checks_{admin_.loop(), health_, component_logger("healthcheck")};
  NodeLink node_link_{[this] { return reloader_.in_force(); }, {store_, dataplane_, health_, health_checks_}};
  /// With ten thousand services in use a scrape takes most of a second, for which no probe is to wait. It answers
  /// through the admin thread's loop.
  PageMaker scrapes_{[this] { return metrics_.render(); }};
};

}  // namespace ferry::proxy
