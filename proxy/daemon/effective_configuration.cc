#include "proxy/daemon/effective_configuration.h"

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/ostr.h>

#include "proxy/options/config_file.h"
#include "proxy/settings/duration.h"
#include "watch/rest/url.h"

namespace ferry::proxy {

namespace {

using Json = nlohmann::ordered_json;

std::string to_string(const std::optional<boost::asio::ip::tcp::endpoint>& address) {
  return address ? fmt::format("{}", fmt::streamed(*address)) : "";
}

std::string joined(const std::vector<config::IpPrefix>& ranges) {
  std::string text;
  for (const config::IpPrefix& range : ranges) text += (text.empty() ? "" : ",") + range.to_string();
  return text;
}

Json list_of(const NodePortAddresses& addresses) {
  Json list = Json::array();
  if (addresses.primary) list.push_back("primary");
  for (const config::IpPrefix& range : addresses.ranges) list.push_back(range.to_string());
  return list;
}

const char* capture_name(CaptureMethod method) {
  if (method == CaptureMethod::kAuto) return "auto";
  return method == CaptureMethod::kSkLookup ? "sk_lookup" : "bind";
}

const char* steering_name(SteeringMode mode) {
  if (mode == SteeringMode::kAuto) return "auto";
  return mode == SteeringMode::kOff ? "off" : "require";
}

Json configuration(const Options& options) {
  return {{"kind", "KubeProxyConfiguration"},
          {"apiVersion", "kubeproxy.config.k8s.io/v1alpha1"},
          {"clientConnection", {{"kubeconfig", options.kubeconfig}}},
          {"logging",
           {{"format", options.log_format == LogFormat::kJson ? "json" : "text"}, {"verbosity", options.verbosity}}},
          {"hostnameOverride", options.node_name},
          {"bindAddress", options.bind_address.to_string()},
          {"healthzBindAddress", to_string(options.healthz_bind_address)},
          {"metricsBindAddress", to_string(options.metrics_bind_address)},
          {"bindAddressHardFail", options.bind_address_hard_fail},
          {"clusterCIDR", joined(options.cluster_cidrs)},
          {"nodePortAddresses", list_of(options.node_port_addresses)},
          {"oomScoreAdj", options.oom_score_adj}};
}

Json own_configuration(const Options& options) {
  return {{"kind", kOwnConfigurationKind},
          {"apiVersion", kOwnConfigurationApi},
          {"master", watch::without_credentials(options.master)},
          {"sourceFiles", options.source_files},
          {"serverAPIVersion", options.api_version == Options::ApiVersion::kV1beta1 ? "v1beta1" : "auto"},
          {"serviceCIDR", joined(options.service_cidrs)},
          {"capture", capture_name(options.capture)},
          {"steering", steering_name(options.steering)},
          {"steeringCgroup", options.steering_cgroup},
          {"steeringPinPath", options.steering_pin_path},
          {"steeringMaxServicePorts", options.steering_max_service_ports},
          {"steeringMaxEndpoints", options.steering_max_endpoints},
          {"steeringMaxConnections", options.steering_max_connections},
          {"steeringMaxAffinities", options.steering_max_affinities},
          {"proxyProtocolFrom", list_of({false, options.proxy_protocol_from})},
          {"workers", options.workers},
          {"halfCloseTimeout", format_duration(options.half_close_timeout)},
          {"udpIdleTimeout", format_duration(options.udp_idle_timeout)},
          {"deadPeerTimeout", format_duration(options.dead_peer_timeout)},
          {"maxEjectedEndpoints", options.max_ejected_endpoints},
          {"shutdownGrace", format_duration(options.shutdown_grace)},
          {"takeoverSocket", options.takeover_socket},
          {"afterTakeover", options.after_takeover == Options::AfterTakeover::kWait ? "wait" : "exit"},
          {"adminSocket", options.admin_socket},
          {"showClients", options.show_clients},
          {"metricsEndpoints", options.metrics_endpoints},
          {"accessLog", options.access_log}};
}

/// A flag may hold bytes that are no UTF-8, which JSON has no room for.
std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string effective_configuration(const Options& options) {
  return dump(configuration(options), 2) + "\n---\n" + dump(own_configuration(options), 2) + "\n";
}

std::vector<std::string> beyond_configuration(const Options& options) {
  std::vector<std::string> flags;
  for (const std::string& flag : options.given) {
    const bool held = flag == "--config" || has_field(flag);
    const bool not_served = (flag == "--healthz-bind-address" && !options.healthz_bind_address) ||
                            (flag == "--metrics-bind-address" && !options.metrics_bind_address);
    if (!held || not_served) flags.push_back(not_served ? flag + "=''" : flag);
  }
  return flags;
}

std::string configz(const Options& options) {
  return dump({{"kubeproxy.config.k8s.io", configuration(options)}, {"kube-ferry.io", own_configuration(options)}}, -1);
}

}  // namespace ferry::proxy
