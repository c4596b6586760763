#include "proxy/daemon/reloader.h"

#include <csignal>
#include <exception>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include "proxy/logging/logging.h"
#include "proxy/options/read_options.h"
#include "proxy/options/reload_plan.h"

namespace ferry::proxy {

Reloader::Reloader(boost::asio::any_io_executor executor, std::vector<std::string> arguments, Options options,
                   Callbacks callbacks)
    : executor_(std::move(executor)),
      signals_(executor_),
      arguments_(std::move(arguments)),
      callbacks_(std::move(callbacks)),
      read_(options),
      in_force_(std::make_shared<const Options>(std::move(options))) {}

void Reloader::start() {
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) signals_.add(signal);
  await_signal();
  watch_files();
}

void Reloader::stop() {
  signals_.cancel();
  if (config_watch_) config_watch_->stop();
  if (kubeconfig_watch_) kubeconfig_watch_->stop();
}

std::shared_ptr<const Options> Reloader::in_force() const {
  const std::lock_guard lock(mutex_);
  return in_force_;
}

void Reloader::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& code, int signal) {
    if (code.failed()) return;
    on_signal(signal);
    await_signal();
  });
}

void Reloader::on_signal(int signal) {
  if (signal == SIGHUP) {
    reload("SIGHUP", true);
    return;
  }
  const int now = in_force()->verbosity;
  const int next = signal == SIGUSR1 ? more_verbose(now) : less_verbose(now);
  set_verbosity(next);
  spdlog::info("{}: --v is {} now", signal == SIGUSR1 ? "SIGUSR1" : "SIGUSR2", next);
}

void Reloader::set_verbosity(int verbosity) {
  Options options = *in_force();
  options.verbosity = verbosity;
  put_in_force(std::move(options));
  set_log_verbosity(verbosity);
}

void Reloader::watch_files() {
  watch_file(config_watch_, config_watched_, in_force()->config);
  watch_file(kubeconfig_watch_, kubeconfig_watched_, in_force()->kubeconfig);
}

void Reloader::watch_file(std::optional<watch::FileWatch>& watch, std::string& watched, const std::string& path) {
  if (watched == path) return;
  if (watch) watch->stop();
  watch.reset();
  watched = path;
  if (path.empty()) return;
  watch.emplace(executor_, path, [this, path] { reload(path, false); });
  try {
    watch->start();
  } catch (const std::exception& error) {
    spdlog::warn("changes of {} are not seen: {}; SIGHUP has it read again", path, error.what());
  }
}

void Reloader::reload(const std::string& why, bool asked_for) {
  callbacks_.begun();
  try {
    take(std::get<ReadOptions>(read_options(arguments_)).options, why, asked_for);
    note(Outcome::kSuccess);
  } catch (const std::exception& error) {
    note(Outcome::kFailure);
    spdlog::error("{}: {}; the former settings stay in force", why, error.what());
  }
  callbacks_.ended();
}

void Reloader::take(const Options& read, const std::string& why, bool asked_for) {
  ReloadPlan plan = plan_reload(*in_force(), read_, read);
  const Commit commit = callbacks_.prepare(plan.options, plan.needs_restart);
  const bool another_verbosity = plan.options.verbosity != in_force()->verbosity;
  const LogFormat format = plan.options.log_format;
  read_ = read;
  put_in_force(std::move(plan.options));
  if (another_verbosity) set_log_verbosity(in_force()->verbosity);
  set_log_format(format);
  commit();
  // Later, for the watch that brought us here may be replaced.
  boost::asio::post(executor_, [this] { watch_files(); });
  for (const std::string& flag : plan.needs_restart) {
    spdlog::warn(
        "{}: {} has another value, which needs a restart: kube-ferry goes by the former one until it is "
        "started anew",
        why, flag);
  }
  if (!plan.changed.empty()) {
    spdlog::info("{}: read again; changed: {}", why, fmt::join(plan.changed, ", "));
  } else if (asked_for) {
    spdlog::info("{}: read again; nothing that can change at run time has changed", why);
  } else {
    spdlog::debug("{}: read again; no option has changed", why);
  }
}

void Reloader::put_in_force(Options options) {
  auto made = std::make_shared<const Options>(std::move(options));
  const std::lock_guard lock(mutex_);
  in_force_ = std::move(made);
}

void Reloader::note(Outcome outcome) {
  const std::lock_guard lock(mutex_);
  last_failed_ = outcome == Outcome::kFailure;
  ++(last_failed_ ? failures_ : successes_);
}

MetricFamilies Reloader::collect() const {
  const std::lock_guard lock(mutex_);
  auto reloads = counter_family("kube_ferry_reloads_total",
                                "Times the options were read again, by what came of it; after a failure the former "
                                "ones stay in force.");
  add_sample(reloads, static_cast<double>(successes_), {{"result", "success"}});
  add_sample(reloads, static_cast<double>(failures_), {{"result", "failure"}});
  return {reloads, gauge("kube_ferry_last_reload_successful", "1: the options were taken when they were last read.",
                         last_failed_ ? 0 : 1)};
}

}  // namespace ferry::proxy
