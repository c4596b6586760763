#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "config/ip_address.h"
#include "proxy/capture/capture.h"
#include "proxy/logging/log_format.h"
#include "proxy/options/usage_error.h"
#include "proxy/steering/steering_controller.h"

namespace CLI {
class App;
}  // namespace CLI

namespace ferry::proxy {

/// The addresses of the node at which node ports are served.
struct NodePortAddresses {
  /// The Node object's first address of each family, and no other.
  bool primary = false;
  /// Otherwise those of the host in these ranges; all of them when there are none.
  std::vector<config::IpPrefix> ranges;

  friend bool operator==(const NodePortAddresses&, const NodePortAddresses&) = default;
};

/// What the command line asks the daemon to do, each value checked on its own. What the files say, and whether they
/// exist, is not known here.
struct Options {
  /// Take away what earlier runs left in the kernel, and end; nothing else counts then.
  bool cleanup = false;
  /// Do what needs privileges, and end.
  bool init_only = false;
  /// Write the configuration to this path ("-": standard output), and end; empty: not given.
  std::string write_config_to;

  /// The path of a KubeProxyConfiguration, whose fields stand for flags that are not given; empty: none.
  std::string config;

  /// Base URL of the API server, as written; empty: not given.
  std::string master;
  /// Path; empty: not given.
  std::string kubeconfig;
  std::vector<std::string> source_files;
  enum class ApiVersion { kAuto, kV1beta1 };
  ApiVersion api_version = ApiVersion::kAuto;

  /// The node's name: lower case, as Kubernetes writes it.
  std::string node_name;
  std::vector<config::IpPrefix> service_cidrs;
  /// The ranges of the cluster's pods; empty: not given.
  std::vector<config::IpPrefix> cluster_cidrs;
  NodePortAddresses node_port_addresses;
  CaptureMethod capture = CaptureMethod::kAuto;
  SteeringMode steering = SteeringMode::kAuto;
  /// As SteeringSettings has them.
  std::string steering_cgroup;
  std::string steering_pin_path;
  std::size_t steering_max_service_ports = 0;
  std::size_t steering_max_endpoints = 0;
  std::size_t steering_max_connections = 0;
  std::size_t steering_max_affinities = 0;
  /// Load balancers whose connections begin with a PROXY header.
  std::vector<config::IpPrefix> proxy_protocol_from;
  /// The node's primary address of its family; unspecified: the Node object says.
  config::IpAddress bind_address;

  std::size_t workers = 1;
  std::chrono::milliseconds half_close_timeout{};
  std::chrono::milliseconds udp_idle_timeout{};
  std::chrono::milliseconds shutdown_grace{};
  /// A connection is reset when one side has owed an answer for this long; 0: never.
  std::chrono::milliseconds dead_peer_timeout{};
  /// Of a service port's endpoints, at most this share is left out for not taking connections; in percent.
  unsigned max_ejected_endpoints = 50;

  /// Without a value: not served.
  std::optional<boost::asio::ip::tcp::endpoint> healthz_bind_address;
  std::optional<boost::asio::ip::tcp::endpoint> metrics_bind_address;
  /// The path of the administration socket; empty: none.
  std::string admin_socket;
  /// It was asked for rather than being the default: that it cannot be had ends the start.
  bool admin_socket_given = false;
  /// The path at which a process takes the place of another; empty: none.
  std::string takeover_socket;
  /// What becomes of a process whose place was taken.
  enum class AfterTakeover { kExit, kWait };
  AfterTakeover after_takeover = AfterTakeover::kExit;
  /// Tell who connects at a metrics address that is not loopback, too.
  bool show_clients = false;
  /// Endpoints that have metrics of their own, at most.
  std::size_t metrics_endpoints = 1000;
  /// Where a line is written for each connection that has ended: a path, or "-" for standard output; empty: nowhere.
  std::string access_log;
  /// One of these that cannot be had ends the start; else it is tried again.
  bool bind_address_hard_fail = false;
  /// As kube-proxy's: 0 to 2 the least, 4 debugging, 6 everything.
  int verbosity = 2;
  LogFormat log_format = LogFormat::kText;
  /// What the process asks of the kernel for when memory runs out (proc_pid_oom_score_adj(5)).
  int oom_score_adj = 0;
  /// It was asked for rather than being the default.
  bool oom_score_adj_given = false;

  /// Flags that were given, such as "--service-cidr", but for those that end the program.
  std::vector<std::string> given;
  /// Flags of kube-proxy's that were given and say nothing here, such as "--proxy-mode".
  std::vector<std::string> without_effect;
};

/// What they say of steering.
SteeringSettings steering_settings(const Options& options);

/// The answer to --help or --version, to be printed instead of running.
struct TextToPrint {
  std::string text;
};

/// Reads the command line (arguments without the program's name). Touches no file. Throws UsageError.
std::variant<Options, TextToPrint> parse_options(std::vector<std::string> arguments);

/// Shows the definitions of all flags, for those who write about them.
void show_flags(const std::function<void(const CLI::App&)>& see);

}  // namespace ferry::proxy
