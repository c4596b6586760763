#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <spdlog/fmt/fmt.h>

#include "proxy/options/bind_address.h"

namespace ferry::proxy {

constexpr std::uint16_t kMetricsPort = 10249;
constexpr const char* kAdminSocket = "/run/kube-ferry/admin.sock";

/// The values of flags as they stand on the command line, with the defaults of those that do not.
struct RawOptions {
  std::string config;
  std::string master;
  std::string kubeconfig;
  std::vector<std::string> source_files;
  std::string api_version = "auto";
  std::string hostname_override;
  std::string service_cidr;
  std::string cluster_cidr;
  std::string nodeport_addresses;
  std::string capture = "auto";
  std::string steering = "auto";
  std::string steering_cgroup;
  std::string steering_pin_path;
  std::string steering_max_service_ports = "16384";
  std::string steering_max_endpoints = "131072";
  std::string steering_max_connections = "65536";
  std::string steering_max_affinities = "8192";
  std::string proxy_protocol_from;
  std::string bind_address = "0.0.0.0";
  std::string oom_score_adj;
  std::string write_config_to;
  std::string workers;
  std::string half_close_timeout = "15m";
  std::string udp_idle_timeout = "30s";
  std::string max_ejected_endpoints = "50";
  std::string shutdown_grace = "30s";
  std::string dead_peer_timeout = "30s";
  std::string admin_socket = kAdminSocket;
  std::string takeover_socket;
  std::string after_takeover = "exit";
  bool show_clients = false;
  std::string metrics_endpoints = "1000";
  std::string access_log;
  std::string healthz_bind_address = fmt::format("0.0.0.0:{}", kHealthzPort);
  std::string metrics_bind_address = fmt::format("127.0.0.1:{}", kMetricsPort);
  bool bind_address_hard_fail = false;
  std::string verbosity = "2";
  std::string log_format = "text";
  bool cleanup = false;
  bool init_only = false;
  bool version = false;
};

/// What --help begins with.
extern const char* const kFlagsDescription;
/// The group of flags that end the program.
extern const char* const kEndingGroup;

/// Tells the parser of all flags, by group, with what --help says of each. `raw` must outlive it.
void define_flags(CLI::App& app, RawOptions& raw);

}  // namespace ferry::proxy
