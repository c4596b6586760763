#include "proxy/daemon/reload_plan.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace ferry::proxy {

namespace {

enum class When : std::uint8_t { kNow, kAtStart };

struct Field {
  const char* flag = "";
  When when = When::kNow;
  bool (*same)(const Options&, const Options&) = nullptr;
  void (*take)(Options&, const Options&) = nullptr;
};

template <auto Member>
constexpr Field field(const char* flag, When when) {
  return {flag, when, [](const Options& a, const Options& b) { return a.*Member == b.*Member; },
          [](Options& into, const Options& from) { into.*Member = from.*Member; }};
}

constexpr auto kFields = std::to_array<Field>({
    field<&Options::master>("--master", When::kAtStart),
    field<&Options::kubeconfig>("--kubeconfig", When::kNow),
    field<&Options::source_files>("--source-file", When::kAtStart),
    field<&Options::api_version>("--api-version", When::kAtStart),
    field<&Options::node_name>("--hostname-override", When::kAtStart),
    field<&Options::service_cidrs>("--service-cidr", When::kAtStart),
    field<&Options::cluster_cidrs>("--cluster-cidr", When::kNow),
    field<&Options::node_port_addresses>("--nodeport-addresses", When::kNow),
    field<&Options::capture>("--capture", When::kAtStart),
    field<&Options::steering>("--steering", When::kAtStart),
    field<&Options::steering_cgroup>("--steering-cgroup", When::kAtStart),
    field<&Options::steering_pin_path>("--steering-pin-path", When::kAtStart),
    field<&Options::steering_max_service_ports>("--steering-max-service-ports", When::kAtStart),
    field<&Options::steering_max_endpoints>("--steering-max-endpoints", When::kAtStart),
    field<&Options::steering_max_connections>("--steering-max-connections", When::kAtStart),
    field<&Options::steering_max_affinities>("--steering-max-affinities", When::kAtStart),
    field<&Options::proxy_protocol_from>("--proxy-protocol-from", When::kNow),
    field<&Options::bind_address>("--bind-address", When::kNow),
    field<&Options::oom_score_adj>("--oom-score-adj", When::kNow),
    field<&Options::workers>("--workers", When::kAtStart),
    field<&Options::half_close_timeout>("--half-close-timeout", When::kNow),
    field<&Options::udp_idle_timeout>("--udp-idle-timeout", When::kNow),
    field<&Options::dead_peer_timeout>("--dead-peer-timeout", When::kNow),
    field<&Options::max_ejected_endpoints>("--max-ejected-endpoints", When::kNow),
    field<&Options::shutdown_grace>("--shutdown-grace", When::kNow),
    field<&Options::takeover_socket>("--takeover-socket", When::kAtStart),
    field<&Options::after_takeover>("--after-takeover", When::kAtStart),
    field<&Options::healthz_bind_address>("--healthz-bind-address", When::kAtStart),
    field<&Options::metrics_bind_address>("--metrics-bind-address", When::kAtStart),
    field<&Options::admin_socket>("--admin-socket", When::kAtStart),
    field<&Options::show_clients>("--show-clients", When::kNow),
    field<&Options::metrics_endpoints>("--metrics-endpoints", When::kNow),
    field<&Options::access_log>("--access-log", When::kNow),
    field<&Options::bind_address_hard_fail>("--bind-address-hard-fail", When::kAtStart),
    field<&Options::verbosity>("--v", When::kNow),
    field<&Options::log_format>("--log-format", When::kNow),
});

/// Whether there is an API server at all is decided at the start.
bool can_change(const Field& field, const Options& in_force, const Options& read) {
  if (field.when == When::kAtStart) return false;
  return in_force.kubeconfig.empty() == read.kubeconfig.empty() || std::string_view(field.flag) != "--kubeconfig";
}

}  // namespace

ReloadPlan plan_reload(const Options& in_force, const Options& read_before, const Options& read) {
  Options wanted = read;
  if (read.verbosity == read_before.verbosity) wanted.verbosity = in_force.verbosity;
  ReloadPlan plan{in_force, {}, {}};
  for (const Field& field : kFields) {
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
