#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/logger.h>

#include "config/service_port_info.h"
#include "proxy/steering/steering.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

enum class SteeringMode : std::uint8_t {
  /// Where it can be had.
  kAuto,
  kOff,
  /// That it cannot be had ends the start.
  kRequire,
};

/// What the daemon is told of steering.
struct SteeringSettings {
  SteeringMode mode = SteeringMode::kAuto;
  /// This program was built with it.
  bool built = steering_was_built();
  /// Empty: the root of the hierarchy.
  std::string cgroup{};
  /// Where steering lives on without a process; empty: "kube-ferry" in the first BPF file system.
  std::string pin_path{};
  std::size_t most_service_ports = SteeringOptions{}.most_service_ports;
  std::size_t most_endpoints = SteeringOptions{}.most_endpoints;
  std::size_t most_connections = SteeringOptions{}.most_connections;
  std::size_t most_affinities = SteeringOptions{}.most_affinities;

  friend bool operator==(const SteeringSettings&, const SteeringSettings&) = default;
};

/// What the relay makes known and takes note of.
class SteeringRelay {
 public:
  virtual ~SteeringRelay() = default;
  /// An endpoint has not taken a steered connection.
  virtual void suspect(const SteeringTrouble& trouble) = 0;
  /// It leaves out an endpoint of this service port now.
  virtual bool suspects(const config::ServicePortName& name) const = 0;
};

/// Steers what can be steered while all is well. An endpoint that has not taken a steered connection is tried from
/// here: where it answers, what is in the way is the client's own, a network policy for instance, and no business of
/// the relay's. Otherwise the service port is left to the relay, which tries the next endpoint: for a second at first,
/// longer each time that it happens again soon, and until the relay has no doubts of its endpoints. For the control
/// thread, but for what there is to see.
class SteeringController final : public SteeringView {
 public:
  static constexpr std::chrono::seconds kFirstPause{1};
  static constexpr std::chrono::seconds kLongestPause{60};
  /// A pause so long after the one before is a first one again.
  static constexpr std::chrono::seconds kForget{120};
  /// How long an endpoint has to answer when it is tried from here; as long as the relay gives the first it dials.
  static constexpr std::chrono::milliseconds kProbePatience{250};
  /// One that has answered is not tried again sooner.
  static constexpr std::chrono::seconds kTrust{1};
  /// Endpoints that are tried, or were lately, at most.
  static constexpr std::size_t kMostProbes = 256;

  /// What begins to steer: Steering::attach.
  using Attach = std::function<std::unique_ptr<Steering>(const boost::asio::any_io_executor&, const SteeringOptions&,
                                                         const Steering::ServicePorts&, Steering::OnTrouble,
                                                         std::shared_ptr<spdlog::logger>)>;

  /// `relay` outlives it.
  SteeringController(const boost::asio::any_io_executor& executor, SteeringSettings settings, SteeringRelay& relay,
                     std::shared_ptr<spdlog::logger> logger, Attach attach = &Steering::attach);

  /// Steers from now on, the first state being known and the relay in place; says in the log what came of it. Unless it
  /// is required, not where service addresses are loopback's: those are for trials. Throws std::runtime_error with the
  /// reason where it is required and cannot be had.
  void start(const std::vector<config::IpPrefix>& service_ranges);
  /// Ends what belongs to this process. What is pinned goes on, paused service ports among it.
  void stop();

  /// Before start() it only takes note.
  void apply(const std::vector<config::ServicePortChange>& changes);
  /// The relay leaves out one of its endpoints.
  void ejected(const config::ServicePortName& name);

  std::string why_not() const override;
  std::optional<SteeredPort> port(const config::ServicePortName& name) const override;
  SteeringSnapshot snapshot() const override;
  SteeredCounters totals() const override;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Pause {
    bool paused = false;
    TimePoint until;
    std::chrono::steady_clock::duration length{};
  };

  /// Service addresses are loopback's.
  bool is_a_trial(const std::vector<config::IpPrefix>& service_ranges) const;
  /// Throws std::runtime_error with the reason.
  void attach();
  void fail(const std::string& why);
  using Place = std::pair<config::ServicePortName, config::Backend>;
  void note_trouble(const SteeringTrouble& trouble);
  void probed(const SteeringTrouble& trouble, bool taken);
  void confirmed(const SteeringTrouble& trouble);
  /// False: it is paused already.
  bool pause(const config::ServicePortName& name);
  void look_again();
  void end_pauses();
  std::shared_ptr<Steering> steering() const;

  boost::asio::any_io_executor executor_;
  const SteeringSettings settings_;
  SteeringRelay& relay_;
  std::shared_ptr<spdlog::logger> logger_;
  Attach attach_;
  /// What is to be served, until it is.
  std::unordered_map<config::ServicePortName, std::shared_ptr<const config::ServicePortInfo>> waiting_;
  bool started_ = false;
  boost::asio::steady_timer timer_;
  bool looking_ = false;
  std::unordered_map<config::ServicePortName, Pause> pauses_;
  /// When those that have answered did; none: they are being tried.
  std::map<Place, std::optional<TimePoint>> probes_;

  /// Guards these against those who look.
  mutable std::mutex mutex_;
  std::shared_ptr<Steering> steering_;
  std::string why_not_ = "the first state is not in force yet";
};

/// The folder of SteeringSettings::pin_path; empty: there is no BPF file system, so that nothing can be pinned.
std::string pin_folder(const std::string& pin_path);

}  // namespace ferry::proxy
