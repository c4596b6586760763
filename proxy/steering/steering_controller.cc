#include "proxy/steering/steering_controller.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <spdlog/spdlog.h>

#include "proxy/settings/duration.h"
#include "proxy/steering/endpoint_probe.h"
#include "proxy/steering/mounts.h"
#include "proxy/steering/pins.h"

namespace ferry::proxy {

namespace {

using Clock = std::chrono::steady_clock;

/// How often it is looked whether a pause is over.
constexpr std::chrono::milliseconds kLook{100};

constexpr const char* kOff = "--steering is off";

std::string what_happened(const SteeringTrouble& trouble) {
  if (trouble.error == 0) return "has not answered a connection in time";
  return std::string("has not taken a connection (") + std::strerror(trouble.error) + ")";
}

std::string place_of(const config::Backend& endpoint) {
  const std::string address = endpoint.address.to_string();
  return (endpoint.address.is_v4() ? address : "[" + address + "]") + ":" + std::to_string(endpoint.port);
}

}  // namespace

std::string pin_folder(const std::string& pin_path) {
  if (!pin_path.empty()) return pin_path;
  const auto filesystem = find_bpf_filesystem();
  return filesystem ? *filesystem + "/kube-ferry" : "";
}

SteeringController::SteeringController(const boost::asio::any_io_executor& executor, SteeringSettings settings,
                                       SteeringRelay& relay, std::shared_ptr<spdlog::logger> logger, Attach attach)
    : executor_(executor),
      settings_(std::move(settings)),
      relay_(relay),
      logger_(std::move(logger)),
      attach_(std::move(attach)),
      timer_(executor) {
  if (settings_.mode == SteeringMode::kOff) why_not_ = kOff;
}

void SteeringController::start(const std::vector<config::IpPrefix>& service_ranges) {
  started_ = true;
  if (settings_.mode == SteeringMode::kAuto && is_a_trial(service_ranges)) {
    waiting_ = {};
    const std::lock_guard lock(mutex_);
    why_not_ = "service addresses are loopback's, which this host alone has";
    return;
  }
  try {
    if (settings_.mode == SteeringMode::kOff) throw std::runtime_error(kOff);
    // Before it is looked what the system lacks.
    if (!settings_.built) throw std::runtime_error("this kube-ferry was built without it");
    attach();
  } catch (const std::runtime_error& error) {
    fail(error.what());
    if (settings_.mode == SteeringMode::kRequire) {
      throw std::runtime_error(fmt::format("--steering require: {}", error.what()));
    }
  }
  waiting_ = {};
}

bool SteeringController::is_a_trial(const std::vector<config::IpPrefix>& service_ranges) const {
  if (!service_ranges.empty()) return service_ranges.front().address().is_loopback();
  return std::any_of(waiting_.begin(), waiting_.end(), [](const auto& port) {
    const auto& addresses = port.second->cluster_ips;
    return std::any_of(addresses.begin(), addresses.end(), [](const auto& address) { return address.is_loopback(); });
  });
}

void SteeringController::attach() {
  SteeringOptions options{.cgroup = settings_.cgroup,
                          .pin_path = pin_folder(settings_.pin_path),
                          .most_service_ports = settings_.most_service_ports,
                          .most_endpoints = settings_.most_endpoints,
                          .most_connections = settings_.most_connections,
                          .most_affinities = settings_.most_affinities};
  if (options.cgroup.empty()) {
    const auto root = find_cgroup_root();
    if (!root) {
      throw std::runtime_error(
          "the root of the hierarchy of cgroup v2 is mounted nowhere in sight; --steering-cgroup names it");
    }
    options.cgroup = *root;
  }
  if (options.pin_path.empty()) {
    logger_->info("steering will end with this process, for no BPF file system is mounted");
  }
  try {
    const Pins pins(options.pin_path);
  } catch (const std::runtime_error& error) {
    if (settings_.mode == SteeringMode::kRequire) throw;
    logger_->warn("steering will end with this process, for it cannot be pinned: {}", error.what());
    options.pin_path.clear();
  }
  Steering::ServicePorts ports;
  ports.reserve(waiting_.size());
  for (const auto& [name, info] : waiting_) ports.push_back(info);
  const auto began = Clock::now();
  std::shared_ptr<Steering> made = attach_(
      executor_, options, ports, [this](const SteeringTrouble& trouble) { note_trouble(trouble); }, logger_);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  logger_->info("steering connections of the processes in {} at connect(2), {} (ready in {} ms)", options.cgroup,
                options.pin_path.empty() ? "until this process ends" : "pinned in " + options.pin_path, took.count());
  const std::lock_guard lock(mutex_);
  steering_ = std::move(made);
  why_not_.clear();
}

void SteeringController::fail(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    why_not_ = why;
  }
  if (settings_.mode == SteeringMode::kAuto) logger_->info("the relay carries every connection: {}", why);
  // What an earlier process has left would go on to endpoints that nobody knows of any more.
  const std::string folder = pin_folder(settings_.pin_path);
  try {
    if (!folder.empty() && remove_pins(folder)) logger_->info("ended the steering that was pinned in {}", folder);
  } catch (const std::runtime_error& error) {
    logger_->warn("what was pinned of steering cannot be removed: {}", error.what());
  }
}

void SteeringController::stop() {
  timer_.cancel();
  // The relay ends with this process.
  if (const auto steering = this->steering()) {
    for (const auto& [name, pause] : pauses_) {
      if (pause.paused) steering->pause(name, false);
    }
  }
  pauses_.clear();
  std::shared_ptr<Steering> gone;
  const std::lock_guard lock(mutex_);
  gone = std::exchange(steering_, nullptr);
  if (gone) why_not_ = "this kube-ferry is ending";
}

void SteeringController::apply(const std::vector<config::ServicePortChange>& changes) {
  if (settings_.mode == SteeringMode::kOff) return;
  if (const auto steering = this->steering()) {
    steering->apply(changes);
    for (const config::ServicePortChange& change : changes) {
      if (!change.after) pauses_.erase(change.name);
    }
    return;
  }
  if (started_) return;
  for (const config::ServicePortChange& change : changes) {
    if (change.after) {
      waiting_[change.name] = change.after;
    } else {
      waiting_.erase(change.name);
    }
  }
}

void SteeringController::note_trouble(const SteeringTrouble& trouble) {
  const TimePoint now = Clock::now();
  std::erase_if(probes_, [now](const auto& one) { return one.second && now >= *one.second + kTrust; });
  if (probes_.size() >= kMostProbes) return;
  if (!probes_.try_emplace({trouble.name, trouble.endpoint}).second) return;
  probe_endpoint(executor_, trouble.endpoint, kProbePatience, [this, trouble](bool taken) { probed(trouble, taken); });
}

void SteeringController::probed(const SteeringTrouble& trouble, bool taken) {
  if (!taken) {
    probes_.erase({trouble.name, trouble.endpoint});
    confirmed(trouble);
    return;
  }
  probes_[{trouble.name, trouble.endpoint}] = Clock::now();
  logger_->debug("{}: {} {}, but does from here: it stays", trouble.name.to_string(), place_of(trouble.endpoint),
                 what_happened(trouble));
}

void SteeringController::confirmed(const SteeringTrouble& trouble) {
  const bool is_new = pause(trouble.name);
  relay_.suspect(trouble);
  if (is_new) {
    logger_->info("{}: {} {}: the relay carries new connections for {} at least", trouble.name.to_string(),
                  place_of(trouble.endpoint), what_happened(trouble),
                  format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(pauses_[trouble.name].length)));
  }
}

void SteeringController::ejected(const config::ServicePortName& name) {
  if (pause(name)) {
    logger_->debug("{}: the relay has left out an endpoint, and carries new connections", name.to_string());
  }
}

bool SteeringController::pause(const config::ServicePortName& name) {
  const auto steering = this->steering();
  if (!steering) return false;
  const auto known = steering->port(name);
  if (!known || !known->steered()) return false;
  const TimePoint now = Clock::now();
  Pause& pause = pauses_[name];
  const bool again = pause.length.count() > 0 && now < pause.until + kForget;
  pause.length = again ? std::min<Clock::duration>(2 * pause.length, kLongestPause) : Clock::duration(kFirstPause);
  pause.until = now + pause.length;
  pause.paused = true;
  steering->pause(name, true);
  look_again();
  return true;
}

void SteeringController::look_again() {
  if (std::exchange(looking_, true)) return;
  timer_.expires_after(kLook);
  timer_.async_wait([this](const boost::system::error_code& code) {
    if (code.failed()) return;
    looking_ = false;
    end_pauses();
  });
}

void SteeringController::end_pauses() {
  const auto steering = this->steering();
  if (!steering) return;
  const TimePoint now = Clock::now();
  std::erase_if(pauses_, [now](const auto& one) { return !one.second.paused && now >= one.second.until + kForget; });
  for (auto& [name, pause] : pauses_) {
    if (!pause.paused || now < pause.until || relay_.suspects(name)) continue;
    pause.paused = false;
    pause.until = now;
    steering->pause(name, false);
    logger_->info("{}: steering again", name.to_string());
  }
  if (!pauses_.empty()) look_again();
}

std::shared_ptr<Steering> SteeringController::steering() const {
  const std::lock_guard lock(mutex_);
  return steering_;
}

std::string SteeringController::why_not() const {
  const std::lock_guard lock(mutex_);
  return steering_ ? steering_->why_not() : why_not_;
}

std::optional<SteeredPort> SteeringController::port(const config::ServicePortName& name) const {
  const auto steering = this->steering();
  return steering ? steering->port(name) : std::nullopt;
}

SteeringSnapshot SteeringController::snapshot() const {
  SteeringSnapshot made;
  if (const auto steering = this->steering()) made = steering->snapshot();
  made.why_not = why_not();
  return made;
}

SteeredCounters SteeringController::totals() const {
  const auto steering = this->steering();
  return steering ? steering->totals() : SteeredCounters{};
}

}  // namespace ferry::proxy
