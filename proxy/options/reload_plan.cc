#include "proxy/options/reload_plan.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace ferry::proxy {

namespace {

enum class When : std::uint8_t { kNow, kAtStart };

struct Setting {
  const char* flag = "";
  When when = When::kNow;
  bool (*same)(const Options&, const Options&) = nullptr;
  void (*take)(Options&, const Options&) = nullptr;
};

template <auto Member>
constexpr Setting setting(const char* flag, When when) {
  return {flag, when, [](const Options& a, const Options& b) { return a.*Member == b.*Member; },
          [](Options& into, const Options& from) { into.*Member = from.*Member; }};
}

constexpr auto kSettings = std::to_array<Setting>({
    setting<&Options::master>("--master", When::kAtStart),
    setting<&Options::kubeconfig>("--kubeconfig", When::kNow),
    setting<&Options::source_files>("--source-file", When::kAtStart),
    setting<&Options::api_version>("--api-version", When::kAtStart),
    setting<&Options::node_name>("--hostname-override", When::kAtStart),
    setting<&Options::service_cidrs>("--service-cidr", When::kAtStart),
    setting<&Options::cluster_cidrs>("--cluster-cidr", When::kNow),
    setting<&Options::node_port_addresses>("--nodeport-addresses", When::kNow),
    setting<&Options::capture>("--capture", When::kAtStart),
    setting<&Options::steering>("--steering", When::kAtStart),
    setting<&Options::steering_cgroup>("--steering-cgroup", When::kAtStart),
    setting<&Options::steering_pin_path>("--steering-pin-path", When::kAtStart),
    setting<&Options::steering_max_service_ports>("--steering-max-service-ports", When::kAtStart),
    setting<&Options::steering_max_endpoints>("--steering-max-endpoints", When::kAtStart),
    setting<&Options::steering_max_connections>("--steering-max-connections", When::kAtStart),
    setting<&Options::steering_max_affinities>("--steering-max-affinities", When::kAtStart),
    setting<&Options::proxy_protocol_from>("--proxy-protocol-from", When::kNow),
    setting<&Options::bind_address>("--bind-address", When::kNow),
    setting<&Options::oom_score_adj>("--oom-score-adj", When::kNow),
    setting<&Options::workers>("--workers", When::kAtStart),
    setting<&Options::half_close_timeout>("--half-close-timeout", When::kNow),
    setting<&Options::udp_idle_timeout>("--udp-idle-timeout", When::kNow),
    setting<&Options::dead_peer_timeout>("--dead-peer-timeout", When::kNow),
    setting<&Options::max_ejected_endpoints>("--max-ejected-endpoints", When::kNow),
    setting<&Options::shutdown_grace>("--shutdown-grace", When::kNow),
    setting<&Options::takeover_socket>("--takeover-socket", When::kAtStart),
    setting<&Options::after_takeover>("--after-takeover", When::kAtStart),
    setting<&Options::healthz_bind_address>("--healthz-bind-address", When::kAtStart),
    setting<&Options::metrics_bind_address>("--metrics-bind-address", When::kAtStart),
    setting<&Options::admin_socket>("--admin-socket", When::kAtStart),
    setting<&Options::show_clients>("--show-clients", When::kNow),
    setting<&Options::metrics_endpoints>("--metrics-endpoints", When::kNow),
    setting<&Options::access_log>("--access-log", When::kNow),
    setting<&Options::bind_address_hard_fail>("--bind-address-hard-fail", When::kAtStart),
    setting<&Options::verbosity>("--v", When::kNow),
    setting<&Options::log_format>("--log-format", When::kNow),
});

/// Whether there is an API server at all is decided at the start.
bool can_change(const Setting& field, const Options& in_force, const Options& read) {
  if (field.when == When::kAtStart) return false;
  return in_force.kubeconfig.empty() == read.kubeconfig.empty() || std::string_view(field.flag) != "--kubeconfig";
}

}  // namespace

ReloadPlan plan_reload(const Options& in_force, const Options& read_before, const Options& read) {
  Options wanted = read;
  if (read.verbosity == read_before.verbosity) wanted.verbosity = in_force.verbosity;
  ReloadPlan plan{in_force, {}, {}};
  for (const Setting& field : kSettings) {
    if (field.same(in_force, wanted)) continue;
    if (can_change(field, in_force, wanted)) {
      field.take(plan.options, wanted);
      plan.changed.emplace_back(field.flag);
    } else {
      plan.needs_restart.emplace_back(field.flag);
    }
  }
  return plan;
}

}  // namespace ferry::proxy
