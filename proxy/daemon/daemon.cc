#include "proxy/daemon/daemon.h"

#include <algorithm>
#include <csignal>
#include <random>
#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include "proxy/daemon/admin_addresses.h"
#include "proxy/daemon/admin_pages.h"
#include "proxy/daemon/api_access.h"
#include "proxy/daemon/change_warnings.h"
#include "proxy/daemon/descriptor_limit.h"
#include "proxy/daemon/effective_configuration.h"
#include "proxy/daemon/inspector_sources.h"
#include "proxy/daemon/log_level_page.h"
#include "proxy/daemon/mapped_files.h"
#include "proxy/daemon/oom_score.h"
#include "proxy/daemon/upgrade_page.h"
#include "proxy/daemon/watch_metrics.h"
#include "proxy/host/port_reuse.h"
#include "proxy/logging/logging.h"
#include "proxy/metrics/dataplane_metrics.h"
#include "proxy/metrics/memory_metrics.h"
#include "proxy/metrics/process_metrics.h"
#include "proxy/metrics/store_metrics.h"
#include "proxy/options/version.h"
#include "proxy/settings/duration.h"
#include "proxy/steering/snapshot_of.h"

namespace ferry::proxy {
namespace {

/// How often the control thread shows that it moves; until the first state is there it looks more often, so that the
/// probes turn good without delay.
constexpr std::chrono::milliseconds kBeat{1000};
constexpr std::chrono::milliseconds kBeatBeforeSync{20};

config::StoreOptions store_options(const Options& options, decltype(config::StoreOptions::on_triggered) on_triggered) {
  config::StoreOptions made;
  made.node.name = options.node_name;
  made.service_ranges = options.service_cidrs;
  made.on_triggered = std::move(on_triggered);
  return made;
}

}  // namespace

Daemon::Daemon(const Options& options, const Invocation& invocation, std::optional<watch::ClientConfig> api,
               Before before)
    : options_(options),
      reloader_(control_.get_executor(), invocation.arguments, options,
                {[this](const Options& next, std::vector<std::string>& needs_restart) {
                   return prepare(next, needs_restart);
                 },
                 [this] { manager_link_.reloading(); }, [this] { manager_link_.reloaded(); }}),
      succession_(control_, options_, invocation, std::move(before), manager_),
      access_log_(options.access_log.empty() ? UniqueFd() : AccessLog::open(options.access_log)),
      dataplane_(control_.get_executor(), dataplane_options(), component_logger("dataplane")),
      steering_(control_.get_executor(), steering_settings(options_), steering_link_, component_logger("steering")),
      store_(store_options(options, [this](const auto& triggers) { programming_.handed_over(triggers); }),
             [this](const std::vector<config::ServicePortChange>& changes) { apply(changes); }) {
  succession_.attach(dataplane_, admin_, health_checks_,
                     {[this] { serve_pages(); }, [this] { serving(); }, [this](int pid) { replaced(pid); },
                      [this](const std::exception_ptr& failure) {
                        failure_ = failure;
                        control_.stop();
                      }});
  if (api) {
    rest_.emplace(control_.get_executor(), std::move(*api));
    watch::ApiSourceOptions source_options;
    source_options.node_name = options_.node_name;
    source_options.on_node = [this](const std::optional<config::Node>& node) { node_link_.set_node(node); };
    if (options_.service_cidrs.empty()) {
      source_options.on_service_ranges = [this](const auto& ranges) { node_link_.set_service_ranges(ranges); };
    }
    source_options.historical = options_.api_version == Options::ApiVersion::kV1beta1;
    api_.emplace(*rest_, store_.add_source("api"), clock_, source_options);
  }
  for (const std::string& path : options_.source_files) {
    files_.emplace_back(control_.get_executor(), store_.add_source(path), path);
  }
  add_metrics();
  inspector_.emplace(admin_.loop(), dataplane_, inspector_sources());
}

DataplaneOptions Daemon::dataplane_options() {
  DataplaneOptions made;
  made.workers = options_.workers;
  made.capture = options_.capture;
  succession_.settle(made);
  made.service_ranges = options_.service_cidrs;
  const RuntimeOptions runtime = runtime_options(options_);
  made.half_close_timeout = runtime.half_close_timeout;
  made.dead_peer_timeout = runtime.dead_peer_timeout;
  made.on_closed = runtime.on_closed;
  made.udp_idle_timeout = runtime.udp_idle_timeout;
  made.ejection.max_percent = runtime.max_ejected_percent;
  made.ejection.seed = std::random_device{}();
  made.on_ejected = [this](const config::ServicePortName& name) {
    boost::asio::post(control_, [this, name] { steering_.ejected(name); });
  };
  // Where descriptors know no bound, memory does.
  constexpr std::uint64_t kMostUdpFlows = std::uint64_t{1} << 19U;
  made.max_udp_flows = std::min(raise_descriptor_limit() / 2, kMostUdpFlows);
  return made;
}

RuntimeOptions Daemon::runtime_options(const Options& options) const {
  RuntimeOptions made{.half_close_timeout = options.half_close_timeout,
                      .dead_peer_timeout = options.dead_peer_timeout,
                      .udp_idle_timeout = options.udp_idle_timeout,
                      .on_closed = {},
                      .max_ejected_percent = options.max_ejected_endpoints};
  if (!options.access_log.empty()) made.on_closed = access_log_.writer();
  return made;
}

Reloader::Commit Daemon::prepare(const Options& next, std::vector<std::string>& needs_restart) {
  // What is prepared is shared, for the rest may be copied.
  const auto access_file = std::make_shared<UniqueFd>();
  if (!next.access_log.empty()) *access_file = AccessLog::open(next.access_log);
  std::shared_ptr<watch::ClientConfig> api;
  if (rest_) {
    api = std::make_shared<watch::ClientConfig>(api_access(next).value());
    if (api->server != rest_->config().server) {
      // What was heard from one server says nothing of the other's objects.
      needs_restart.emplace_back("the kubeconfig's server");
      api = nullptr;
    } else if (*api == rest_->config()) {
      api = nullptr;
    }
  }
  const int oom_score_adj = reloader_.in_force()->oom_score_adj;
  return [this, access_file, api, next, oom_score_adj] {
    access_log_.write_to(std::move(*access_file));
    if (api) {
      rest_->use(*api);
      spdlog::info("asking the API server with the credentials that {} holds now", next.kubeconfig);
    }
    dataplane_.use(runtime_options(next));
    node_link_.look_around();
    if (next.oom_score_adj == oom_score_adj) return;
    if (const std::error_code error = set_oom_score_adj(next.oom_score_adj)) {
      spdlog::warn("--oom-score-adj {}: {}; less than it was needs CAP_SYS_RESOURCE", next.oom_score_adj,
                   error.message());
    }
  };
}

InspectorSources Daemon::inspector_sources() {
  return {.steering = &steering_,
          .version = version(),
          .node = options_.node_name,
          .synced = [this] { return health_.synced(); },
          .healthy = [this] { return health_.healthy(std::chrono::steady_clock::now()); },
          .last_change = [this] { return health_.last_applied(); },
          .watches = [this] { return watches_json(api_ ? api_->status() : std::vector<watch::ReflectorStatus>{}); },
          .files = [this] { return files_json(file_status()); },
          .describe =
              [this](const config::NamespacedName& name, auto tell) {
                boost::asio::post(control_, [this, name, tell = std::move(tell)] { tell(store_.describe(name)); });
              }};
}

void Daemon::open_addresses() {
  Routes metrics = metrics_pages(health_, probes_, scrapes_, [this] { return configz(*reloader_.in_force()); });
  Routes local = metrics;
  const auto& address = options_.metrics_bind_address;
  metrics.set_hosts({options_.node_name});
  add_live_page(metrics);
  const bool near = address && address->address().is_loopback();
  inspector_->add_to(metrics, [this, near] { return near || reloader_.in_force()->show_clients; });
  inspector_->add_to(local, [] { return true; });
  const auto log_level = [this] { return reloader_.in_force()->verbosity; };
  add_log_level_page(metrics, log_level);
  add_log_level_page(local, log_level, [this](int verbosity, std::function<void()> done) {
    boost::asio::post(control_, [this, verbosity, done = std::move(done)] {
      reloader_.set_verbosity(verbosity);
      spdlog::info("asked at the administration socket: --v is {} now", verbosity);
      done();
    });
  });
  add_upgrade_page(local, control_, succession_);
  const auto logger = component_logger("admin");
  open_admin_addresses(admin_, options_, health_pages(health_, probes_), std::move(metrics), logger);
  open_admin_socket(admin_, options_, std::move(local), logger);
}

void Daemon::run() {
  start();
  try {
    serve();
  } catch (...) {
    // The admin thread and the workers must end before what they use does.
    failure_ = std::current_exception();
  }
  if (failure_) {
    end();
    std::rethrow_exception(failure_);
  }
  if (succession_.replaced()) {
    retire();
    return;
  }
  const std::uint64_t open = dataplane_.overview().totals.connections.open;
  const std::chrono::milliseconds grace = reloader_.in_force()->shutdown_grace;
  spdlog::info("{}: taking no new connections, {} open ones have {} to end",
               last_signal_ == SIGINT ? "SIGINT" : "SIGTERM", open, format_duration(grace));
  manager_link_.stopping(open, grace);
  steering_.stop();
  health_.set_draining();
  succession_.close();
  stop_watching();
  if (manager_) {
    // It has the listening sockets too. Should it start another process, that one takes what waits there.
    dataplane_.leave_accepting();
  } else {
    dataplane_.stop_accepting();
  }
  drain();
  end();
}

void Daemon::serve() {
  control_.run();
  if (signals_received_ == 0) return;
  if (const Successor* const successor = succession_.successor(); successor != nullptr && !successor->ended()) {
    // Whoever ends this process means the one that it started, too.
    succession_.dismiss_successor();
    return;
  }
  if (!succession_.has_heir()) return;
  const std::chrono::milliseconds grace = reloader_.in_force()->shutdown_grace;
  spdlog::info("another kube-ferry is about to take this one's place: going on until it has, for {} at most",
               format_duration(grace));
  boost::asio::steady_timer patience(control_, grace);
  bool waited = false;
  patience.async_wait([this, &waited](const boost::system::error_code& code) {
    if (code.failed()) return;
    waited = true;
    control_.stop();
  });
  while (!waited && !succession_.replaced() && !failure_ && signals_received_ < 2 && succession_.has_heir()) {
    control_.restart();
    control_.run_one();
  }
}

void Daemon::retire() {
  spdlog::info("another kube-ferry has taken this one's place");
  steering_.stop();
  stop_watching();
  bool handed_over = false;
  succession_.give_connections(std::chrono::steady_clock::now() + reloader_.in_force()->shutdown_grace,
                               [this, &handed_over](std::size_t left) {
                                 if (left > 0)
                                   spdlog::info("{} connections could not be handed over, and may end here", left);
                                 handed_over = true;
                                 control_.stop();
                               });
  run_until(handed_over);
  dataplane_.stop_accepting();
  drain();
  if (options_.after_takeover == Options::AfterTakeover::kWait) {
    spdlog::info("nothing is left to do here: waiting for SIGTERM");
    while (signals_received_ == 0) {
      control_.restart();
      control_.run_one();
    }
  }
  end();
}

void Daemon::run_until(const bool& done) {
  while (!done && signals_received_ < 2) {
    control_.restart();
    control_.run();
  }
}

void Daemon::serving() {
  progress_.first_state_handed_over();
  health_.set_synced();
}

void Daemon::replaced(int pid) {
  manager_link_.give_way_to(pid);
  control_.stop();
}

void Daemon::serve_pages() {
  open_addresses();
  inspector_->start();
  admin_.start();
}

void Daemon::start() {
  std::signal(SIGPIPE, SIG_IGN);
  // Before anything is served, so that whoever sees it serve may change its files and send SIGHUP.
  reloader_.start();
  if (!succession_.has_predecessor()) open_addresses();
  // On loopback the kernel does so by itself.
  const auto& ranges = options_.service_cidrs;
  const bool beyond_loopback = ranges.empty() ? api_.has_value() : !ranges.front().address().is_loopback();
  if (const auto advice = beyond_loopback ? allow_port_reuse() : std::nullopt) spdlog::info("{}", *advice);
  dataplane_.start();
  node_link_.start(control_.get_executor());
  for (watch::FileSource& file : files_) file.start();
  if (api_) {
    spdlog::info("following the API server {}", rest_->config().server.to_string());
    api_->start();
  }
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  await_signal();
  stale_rules_.start();
  if (!succession_.has_predecessor()) {
    inspector_->start();
    admin_.start();
  }
  if (!succession_.waits()) succession_.serve_as_the_first();
  beat();
  // Before the first state is built, which takes the most memory there will be.
  release_start();
}

void Daemon::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& code, int signal) {
    if (code.failed()) return;
    last_signal_ = signal;
    ++signals_received_;
    control_.stop();
    await_signal();
  });
}

void Daemon::beat() {
  settle_log();
  const bool synced = store_.synced();
  if (synced && !view_.synced) {
    programming_.count_from(std::chrono::system_clock::now());
    if (succession_.serving()) progress_.first_state_handed_over();
    spdlog::info("synced: {} services, {} service ports", store_.stats().services, store_.stats().service_ports);
  }
  {
    const std::lock_guard lock(view_mutex_);
    view_ = {store_.stats(), synced};
  }
  if (synced && succession_.waits()) succession_.begin();
  if (synced && succession_.serving()) health_.set_synced();
  if (synced) node_link_.tidy_routes();
  end_start();
  start_steering();
  const bool moving = progress_.moves();
  if (moving) health_.beat(std::chrono::steady_clock::now());
  // Of the one before, until then, the manager hears.
  if (!succession_.has_predecessor() || succession_.serving()) manager_link_.report(standing(moving));
  heartbeat_.expires_after(progress_.first_state_is_in_force()
                               ? std::min<std::chrono::microseconds>(kBeat, manager_link_.pace().value_or(kBeat))
                               : kBeatBeforeSync);
  heartbeat_.async_wait([this](const boost::system::error_code& code) {
    if (!code.failed()) beat();
  });
}

void Daemon::start_steering() {
  if (steering_started_ || !succession_.serving() || !progress_.first_state_is_in_force()) return;
  steering_started_ = true;
  // What it throws is to end the daemon in order, wherever this is called from.
  boost::asio::post(control_, [this] { steering_.start(options_.service_cidrs); });
}

void Daemon::end_start() {
  if (!steering_started_ || std::exchange(start_ended_, true)) return;
  release_start();
}

void Daemon::release_start() {
  ::malloc_trim(0);
  spdlog::debug("{} KiB of the program and its libraries let go of", release_mapped_files() / 1024);
}

Standing Daemon::standing(bool moving) const {
  const Dataplane::Overview overview = dataplane_.overview();
  Standing made{.in_force = progress_.first_state_is_in_force(),
                .moving = moving,
                .services = view_.stats.services,
                .service_ports = view_.stats.service_ports,
                .connections = overview.totals.connections.open,
                .unserved = overview.unserved};
  if (api_) add_trouble(made, api_->status(), rest_->config().server.to_string());
  return made;
}

void Daemon::apply(const std::vector<config::ServicePortChange>& changes) {
  const auto begin = std::chrono::steady_clock::now();
  node_link_.apply(changes);
  dataplane_.apply(changes);
  // After the relay, which has what is steered no more.
  steering_.apply(changes);
  health_checks_.set(local_endpoints_.apply(changes));
  const auto now = std::chrono::system_clock::now();
  sync_.applied(changes, now, std::chrono::steady_clock::now() - begin);
  health_.set_applied(now);
  const ChangeWarnings warnings = warnings_about(changes);
  wrong_annotations_.add(warnings.wrong_annotations);
  for (const std::string& warning : warnings.lines) spdlog::warn("{}", warning);
}

void Daemon::stop_watching() {
  reloader_.stop();
  node_link_.stop();
  for (watch::FileSource& file : files_) file.stop();
  if (!api_) return;
  bool stopped = false;
  api_->stop([this, &stopped] {
    stopped = true;
    control_.stop();
  });
  while (!stopped) {
    control_.restart();
    control_.run();
  }
}

void Daemon::drain() {
  bool drained = false;
  dataplane_.drain(std::chrono::steady_clock::now() + reloader_.in_force()->shutdown_grace,
                   [this, &drained](Dataplane::DrainResult result) {
                     if (result.cancelled > 0)
                       spdlog::warn("{} connections were cut at the deadline", result.cancelled);
                     drained = true;
                     control_.stop();
                   });
  run_until(drained);
  if (!drained) spdlog::warn("a second signal: not waiting for the connections that are left");
}

void Daemon::end() {
  succession_.stop();
  steering_.stop();
  dataplane_.stop();
  health_checks_.stop();
  inspector_->stop();
  admin_.stop();
  scrapes_.stop();
  heartbeat_.cancel();
  programming_.stop();
  stale_rules_.stop();
  signals_.cancel();
  spdlog::info("stopped");
  settle_log();
}

Daemon::StoreView Daemon::store_view() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

std::vector<watch::FileSourceStatus> Daemon::file_status() const {
  std::vector<watch::FileSourceStatus> files;
  for (const watch::FileSource& file : files_) files.push_back(file.status());
  return files;
}

void Daemon::add_metrics() {
  metrics_.add([this] { return sync_.collect(); });
  metrics_.add([this] { return programming_.collect(); });
  metrics_.add([this] { return probes_.collect(); });
  metrics_.add([this] {
    const StoreView view = store_view();
    return store_metrics(view.stats, view.synced);
  });
  metrics_.add([this] {
    return dataplane_metrics(dataplane_.snapshot(), snapshot_of(&steering_), reloader_.in_force()->metrics_endpoints);
  });
  metrics_.add([this] { return access_log_.collect(); });
  metrics_.add([this] { return reloader_.collect(); });
  metrics_.add([] { return log_metrics(); });
  if (api_) metrics_.add([this] { return watch_metrics(api_->status()); });
  metrics_.add([this] { return file_metrics(file_status()); });
  metrics_.add([this] { return stale_rules_.collect(); });
  metrics_.add([this] {
    return MetricFamilies{counter("kube_ferry_wrong_annotations_total",
                                  "Annotations under kube-ferry.io/ that were not understood; the log names each.",
                                  static_cast<double>(wrong_annotations_.value()))};
  });
  metrics_.add([] { return MetricFamilies{build_info()}; });
  metrics_.add([] { return process_metrics(read_process_usage()); });
  metrics_.add([] { return memory_metrics(read_cgroup_memory()); });
}

}  // namespace ferry::proxy
