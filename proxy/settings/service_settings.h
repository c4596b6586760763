#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::proxy {

/// How the endpoint of a new connection is chosen.
enum class LoadBalancing : std::uint8_t {
  /// One after the other.
  kRoundRobin,
  /// Of two at random, the one with fewer open connections.
  kLeastConnections,
  /// Of two at random, the one that has been quicker to connect and to answer, weighed by its open connections.
  kPeakEwma,
  /// The same for the same client, by a consistent hash of its address (Eisenbud et al., NSDI 2016).
  kMaglev,
  kRandom,
};

/// "round-robin", "least-connections" and so on, as the annotation is written.
std::string_view to_string(LoadBalancing algorithm);

/// What a Service asks for beyond what Kubernetes knows, by its annotations under kube-ferry.io/.
struct ServiceSettings {
  LoadBalancing load_balancing = LoadBalancing::kRoundRobin;
  /// An endpoint that joins others gets its full share of connections only after this long; 0: at once.
  std::chrono::milliseconds slow_start{0};
  /// What is left of the connections to an endpoint that terminates or is gone is closed after this long; 0: never.
  std::chrono::milliseconds drain_timeout{0};
  /// Connections that one endpoint may have open, of those that this node carries; 0: any number.
  std::uint32_t max_connections = 0;
  /// A connection on which no byte has passed for this long is closed; 0: never.
  std::chrono::milliseconds idle_timeout{0};
  /// A second endpoint is dialled when the first takes longer than the service's usual.
  bool hedged_dial = false;
  /// Endpoints that do not take connections are left out for a while.
  bool ejection = true;
  /// How long an endpoint may be silent that ought to say something; none: as the daemon's flag says; 0: for ever.
  std::optional<std::chrono::milliseconds> dead_peer_timeout;
  /// Datagrams that answer one of UDP; none: nobody says.
  std::optional<std::uint32_t> udp_responses;
  /// Endpoints of TCP hear first, by the PROXY protocol, who their client is.
  bool proxy_protocol = false;
  /// New connections may go straight to an endpoint, past the relay.
  bool steering = true;

  friend bool operator==(const ServiceSettings&, const ServiceSettings&) = default;

  /// The one shared object of those that ask for nothing.
  static const std::shared_ptr<const ServiceSettings>& defaults();
};

/// One annotation as it was read.
struct ReadSetting {
  /// Without "kube-ferry.io/".
  std::string key;
  std::string value;
  /// What counts now, in the annotation's own form; empty for a key that is not known.
  std::string in_force;
  /// What would be right; empty when it is.
  std::string error;

  friend bool operator==(const ReadSetting&, const ReadSetting&) = default;
};

/// Every annotation under kube-ferry.io/ (keys without it), in the order of their names. A wrong one leaves its setting
/// at the default.
struct ReadSettings {
  std::shared_ptr<const ServiceSettings> settings = ServiceSettings::defaults();
  std::vector<ReadSetting> read;
};
ReadSettings read_settings(const std::map<std::string, std::string>& annotations);

/// One annotation for those who read about it.
struct SettingDescription {
  std::string_view key;
  std::string_view values;
  std::string_view without;
  std::string_view meaning;
};
/// All there are, in the order of their names.
std::span<const SettingDescription> setting_descriptions();

}  // namespace ferry::proxy
