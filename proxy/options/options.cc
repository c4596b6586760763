#include "proxy/options/options.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/options/bind_address.h"
#include "proxy/options/flag_values.h"
#include "proxy/options/inert_flags.h"
#include "proxy/options/option_flags.h"
#include "proxy/options/unknown_argument.h"
#include "proxy/options/version.h"

namespace ferry::proxy {

namespace {

constexpr long kMaxWorkers = 1024;
constexpr long kMaxMetricsEndpoints = 1'000'000;
constexpr long kMaxOomScoreAdj = 1000;
constexpr long kMostSteered = 10'000'000;

int parse_oom_score_adj(const std::string& value) {
  constexpr int kKubeProxys = -999;
  if (value.empty()) return kKubeProxys;
  return static_cast<int>(parse_whole_number("--oom-score-adj", value, -kMaxOomScoreAdj, kMaxOomScoreAdj));
}

std::size_t parse_workers(const std::string& value) {
  if (value.empty()) return std::max(1U, std::thread::hardware_concurrency());
  return static_cast<std::size_t>(parse_whole_number("--workers", value, 1, kMaxWorkers));
}

Options::ApiVersion parse_api_version(const std::string& value) {
  if (value == "auto") return Options::ApiVersion::kAuto;
  if (value == "v1beta1") return Options::ApiVersion::kV1beta1;
  throw UsageError(fmt::format("--api-version {}: give auto, which asks the server, or v1beta1", value));
}

LogFormat parse_log_format(const std::string& value) {
  if (value == "text") return LogFormat::kText;
  if (value == "json") return LogFormat::kJson;
  throw UsageError(fmt::format("--log-format {}: give text or json", value));
}

CaptureMethod parse_capture(const std::string& value) {
  if (value == "auto") return CaptureMethod::kAuto;
  if (value == "sk_lookup") return CaptureMethod::kSkLookup;
  if (value == "bind") return CaptureMethod::kBind;
  throw UsageError(fmt::format("--capture {}: give auto, sk_lookup or bind", value));
}

SteeringMode parse_steering(const std::string& value) {
  if (value == "auto") return SteeringMode::kAuto;
  if (value == "off") return SteeringMode::kOff;
  if (value == "require") return SteeringMode::kRequire;
  throw UsageError(fmt::format("--steering {}: give auto, off or require", value));
}

std::size_t parse_steering_size(const char* flag, const std::string& value) {
  return static_cast<std::size_t>(parse_whole_number(flag, value, 1, kMostSteered));
}

Options::AfterTakeover parse_after_takeover(const std::string& value) {
  if (value == "exit") return Options::AfterTakeover::kExit;
  if (value == "wait") return Options::AfterTakeover::kWait;
  throw UsageError(fmt::format("--after-takeover {}: give exit or wait", value));
}

void check_paths(const RawOptions& raw) {
  for (const std::string& path : raw.source_files) {
    if (path.empty()) throw UsageError("--source-file '': give the path of a manifest in YAML or JSON");
  }
}

Options check(const RawOptions& raw) {
  check_paths(raw);
  Options options;
  options.config = raw.config;
  options.master = raw.master;
  options.kubeconfig = raw.kubeconfig;
  options.source_files = raw.source_files;
  options.api_version = parse_api_version(raw.api_version);
  options.node_name = parse_node_name("--hostname-override", raw.hostname_override);
  options.service_cidrs = parse_ranges("--service-cidr", raw.service_cidr);
  options.cluster_cidrs = parse_ranges("--cluster-cidr", raw.cluster_cidr);
  options.node_port_addresses = parse_node_port_addresses("--nodeport-addresses", raw.nodeport_addresses);
  options.capture = parse_capture(raw.capture);
  options.steering = parse_steering(raw.steering);
  options.steering_cgroup = raw.steering_cgroup;
  options.steering_pin_path = raw.steering_pin_path;
  options.steering_max_service_ports =
      parse_steering_size("--steering-max-service-ports", raw.steering_max_service_ports);
  options.steering_max_endpoints = parse_steering_size("--steering-max-endpoints", raw.steering_max_endpoints);
  options.steering_max_connections = parse_steering_size("--steering-max-connections", raw.steering_max_connections);
  options.steering_max_affinities = parse_steering_size("--steering-max-affinities", raw.steering_max_affinities);
  options.proxy_protocol_from = parse_ranges("--proxy-protocol-from", raw.proxy_protocol_from);
  options.workers = parse_workers(raw.workers);
  options.half_close_timeout =
      parse_duration_flag("--half-close-timeout", raw.half_close_timeout, std::chrono::milliseconds{1});
  options.udp_idle_timeout =
      parse_duration_flag("--udp-idle-timeout", raw.udp_idle_timeout, std::chrono::milliseconds{1});
  options.max_ejected_endpoints =
      static_cast<unsigned>(parse_whole_number("--max-ejected-endpoints", raw.max_ejected_endpoints, 0, 100));
  options.dead_peer_timeout =
      parse_duration_flag("--dead-peer-timeout", raw.dead_peer_timeout, std::chrono::milliseconds{0});
  options.admin_socket = raw.admin_socket;
  options.admin_socket_given = raw.admin_socket != kAdminSocket;
  options.takeover_socket = raw.takeover_socket;
  options.after_takeover = parse_after_takeover(raw.after_takeover);
  options.show_clients = raw.show_clients;
  options.metrics_endpoints = static_cast<std::size_t>(
      parse_whole_number("--metrics-endpoints", raw.metrics_endpoints, 0, kMaxMetricsEndpoints));
  options.access_log = raw.access_log;
  options.shutdown_grace = parse_duration_flag("--shutdown-grace", raw.shutdown_grace, std::chrono::milliseconds{0});
  options.healthz_bind_address = parse_bind_address("--healthz-bind-address", raw.healthz_bind_address, kHealthzPort);
  options.metrics_bind_address = parse_bind_address("--metrics-bind-address", raw.metrics_bind_address, kMetricsPort);
  options.bind_address_hard_fail = raw.bind_address_hard_fail;
  options.bind_address = parse_address("--bind-address", raw.bind_address);
  options.oom_score_adj = parse_oom_score_adj(raw.oom_score_adj);
  options.oom_score_adj_given = !raw.oom_score_adj.empty();
  options.write_config_to = raw.write_config_to;
  options.init_only = raw.init_only;
  options.cleanup = raw.cleanup;
  options.verbosity = static_cast<int>(parse_whole_number("--v", raw.verbosity, 0, 10));
  options.log_format = parse_log_format(raw.log_format);
  return options;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group() != kInertGroup) names.push_back("--" + option->get_lnames().front());
  }
  return names;
}

std::vector<std::string> given_flags(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    const bool counts = option->get_group() != kInertGroup && option->get_group() != kEndingGroup;
    if (counts && option->count() > 0) names.push_back("--" + option->get_lnames().front());
  }
  return names;
}

/// CLI11 leaves two blank lines between its groups; one is enough.
std::string single_spaced(std::string text) {
  for (auto at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n")) text.erase(at, 1);
  return text;
}

/// What stands where no flag does: perhaps a command, which main() knows in the first place alone.
std::string explain_extra(const std::string& argument, const CLI::App& app) {
  const std::size_t most_changes = std::max<std::size_t>(1, argument.size() / 3);
  static const std::vector<std::string> kCommands{"check", "completion", "explain", "get", "probe", "set", "top"};
  if (const auto command = nearest_word(argument, kCommands, most_changes)) {
    return fmt::format("unexpected argument '{}'; did you mean kube-ferry {}, with nothing before it?", argument,
                       *command);
  }
  return explain_unknown_argument(argument, flag_names(app));
}

/// CLI11's text begins with the flag and a colon.
std::string flag_of(const CLI::ArgumentMismatch& error) {
  const std::string text = error.what();
  return text.substr(0, text.find(':'));
}

/// CLI11 reads `--flag=` as a flag whose value is the next argument; here it is a flag with an empty value. Of `-v=4`
/// it takes the equals sign for a part of the value.
std::vector<std::string> split_empty_values(std::vector<std::string> arguments) {
  std::vector<std::string> split;
  for (std::string& argument : arguments) {
    const bool empty_value = argument.starts_with("--") && argument.ends_with('=');
    if (empty_value) argument.pop_back();
    if (argument.starts_with("-v=")) argument.erase(2, 1);
    split.push_back(std::move(argument));
    if (empty_value) split.emplace_back();
  }
  return split;
}

}  // namespace

SteeringSettings steering_settings(const Options& options) {
  return {.mode = options.steering,
          .cgroup = options.steering_cgroup,
          .pin_path = options.steering_pin_path,
          .most_service_ports = options.steering_max_service_ports,
          .most_endpoints = options.steering_max_endpoints,
          .most_connections = options.steering_max_connections,
          .most_affinities = options.steering_max_affinities};
}

std::variant<Options, TextToPrint> parse_options(std::vector<std::string> arguments) {
  RawOptions raw;
  CLI::App app{kFlagsDescription, "kube-ferry"};
  define_flags(app, raw);

  std::vector<std::string> reversed = split_empty_values(std::move(arguments));
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    hide_inert_flags(app);
    return TextToPrint{single_spaced(app.help())};
  } catch (const CLI::ExtrasError&) {
    throw UsageError(explain_extra(app.remaining().front(), app));
  } catch (const CLI::ArgumentMismatch& error) {
    throw UsageError(fmt::format("{} needs a value; kube-ferry --help explains it", flag_of(error)));
  } catch (const CLI::ParseError& error) {
    throw UsageError(fmt::format("{}; kube-ferry --help explains every flag", error.what()));
  }
  if (raw.version) return TextToPrint{version_text()};
  if (app.count("--write-config-to") > 0 && raw.write_config_to.empty()) {
    throw UsageError("--write-config-to '': give the path of a file that may be written, or - to print it");
  }
  Options options = check(raw);
  options.given = given_flags(app);
  options.without_effect = given_inert_flags(app);
  return options;
}

void show_flags(const std::function<void(const CLI::App&)>& see) {
  RawOptions raw;
  CLI::App app{kFlagsDescription, "kube-ferry"};
  define_flags(app, raw);
  see(app);
}

}  // namespace ferry::proxy
