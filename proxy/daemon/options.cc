#include "proxy/daemon/options.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>
#include <spdlog/fmt/fmt.h>

#include "proxy/daemon/bind_address.h"
#include "proxy/daemon/flag_values.h"
#include "proxy/daemon/inert_flags.h"
#include "proxy/daemon/unknown_argument.h"
#include "proxy/daemon/version.h"

namespace ferry::proxy {

namespace {

constexpr std::uint16_t kMetricsPort = 10249;
constexpr long kMaxWorkers = 1024;
constexpr long kMaxMetricsEndpoints = 1'000'000;
constexpr const char* kAdminSocket = "/run/kube-ferry/admin.sock";
constexpr long kMaxOomScoreAdj = 1000;
constexpr long kMostSteered = 10'000'000;

/// The values as they stand on the command line, with the defaults of those that do not.
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

constexpr const char* kDescription =
    "Carries connections made to Kubernetes Services to their endpoints, on this node.\n"
    "Takes kube-proxy's place: same inputs, same addresses for health and metrics.\n";

constexpr const char* kFooter =
    "Without --master, --kubeconfig and --source-file it uses the service account of the pod it runs in.\n"
    "Durations are written as in Go: 500ms, 30s, 1m30s, 2h. An address with port 0 takes any free port, which the\n"
    "log tells; one left empty ('') is not served.\n"
    "\n"
    "Examples:\n"
    "  kube-ferry --kubeconfig /var/lib/kube-proxy/kubeconfig.conf --service-cidr 10.96.0.0/12\n"
    "  kube-ferry --master http://127.0.0.1:8080 --hostname-override node-1\n"
    "  kube-ferry --source-file services.yaml --service-cidr 127.96.0.0/16\n"
    "\n"
    "Commands, which ask the kube-ferry that runs on this node; each has a --help of its own:\n"
    "  kube-ferry top                                  services by what is carried to them, live\n"
    "  kube-ferry get services|endpoints|connections   lists of them; -o wide or json\n"
    "  kube-ferry explain NAMESPACE/NAME[:PORT]        which endpoints are used, which not, and why\n"
    "  kube-ferry set log-level N                      how much is logged from now on\n"
    "  kube-ferry probe                                whether it is well, by its exit code\n"
    "\n"
    "Commands that ask no kube-ferry:\n"
    "  kube-ferry check [FLAGS]                        before a start: what stands in the way here, and what to do\n"
    "  kube-ferry completion bash|zsh|fish             what lets a shell complete all this by the Tab key\n"
    "\n"
    "Signals: on SIGTERM or SIGINT no new connection is taken and the open ones may end; a second one cuts them.\n"
    "On SIGHUP the --config file and the kubeconfig are read again and the access log is opened anew; SIGUSR1 logs\n"
    "more, SIGUSR2 less.\n"
    "Exit code: 0 after an orderly end, 2 when the command line is wrong, 1 for any other failure.";

/// Of the flags that end the program.
constexpr const char* kEndingGroup = "Others";

/// The widest name stands in this many columns, so that every explanation begins in the same one.
constexpr std::size_t kExplanationColumn = 36;

void define_cluster_flags(CLI::App& app, RawOptions& raw) {
  const std::string group = "Where the cluster's state comes from";
  app.add_option("--config", raw.config,
                 "A KubeProxyConfiguration, as kube-proxy reads it, and a\nKubeFerryConfiguration for the rest, read "
                 "again when "
                 "they\nchange. What a flag says counts more; the log names fields\nthat say nothing here")
      ->option_text("FILE")
      ->group(group);
  app.add_option("--master", raw.master,
                 "The API server, such as https://10.0.0.10:6443;\ntakes the place of the kubeconfig's server")
      ->option_text("URL")
      ->group(group);
  app.add_option("--kubeconfig", raw.kubeconfig, "A kubeconfig file: server, certificates, token")
      ->option_text("FILE")
      ->group(group);
  app.add_option("--source-file", raw.source_files,
                 "Kubernetes manifests (YAML or JSON) with Services and\nEndpointSlices or Endpoints, read again when "
                 "they change;\nmay be repeated, and adds to an API server")
      ->option_text("FILE")
      ->take_all()
      ->expected(1)
      ->group(group);
  app.add_option("--api-version", raw.api_version,
                 "auto asks the server what it has; v1beta1 speaks the\nAPI of 2014 (default auto)")
      ->option_text("auto|v1beta1")
      ->group(group);
}

void define_node_flags(CLI::App& app, RawOptions& raw) {
  const std::string group = "This node";
  app.add_option("--hostname-override", raw.hostname_override,
                 "The node's name in the cluster (default: the machine's\nname, in lower case)")
      ->option_text("NAME")
      ->group(group);
  app.add_option(
         "--service-cidr", raw.service_cidr,
         "Ranges that service addresses come from, one or, for\ndual-stack, several divided by commas. They are made "
         "local\nto this host, and endpoints inside them are refused")
      ->option_text("CIDR[,CIDR]")
      ->group(group);
  app.add_option("--cluster-cidr", raw.cluster_cidr,
                 "Ranges of the cluster's pods. To them, as to the node\nitself, externalTrafficPolicy Local does not "
                 "apply\n(default: the Node object's podCIDRs)")
      ->option_text("CIDR[,CIDR]")
      ->group(group);
  app.add_option("--nodeport-addresses", raw.nodeport_addresses,
                 "The node's addresses that serve node ports: those in\nthese ranges or named localhost or all, or "
                 "primary for the\nfirst of each "
                 "family that the Node object names\n(default: all)")
      ->option_text("CIDR[,CIDR]")
      ->group(group);
  app.add_option(
         "--capture", raw.capture,
         "How the kernel hands over what comes to service addresses:\nsk_lookup, by a BPF program, beside whatever the "
         "host has at\nthe same ports; bind, by a socket for each; auto takes\nsk_lookup where it can be had (default "
         "auto)")
      ->option_text("auto|sk_lookup|bind")
      ->group(group);
  app.add_option(
         "--proxy-protocol-from", raw.proxy_protocol_from,
         "Load balancers whose connections to node ports and load-\nbalancer addresses begin with a header of the "
         "PROXY\nprotocol, version 2: the client it names counts")
      ->option_text("CIDR[,CIDR]")
      ->group(group);
}

void define_steering_flags(CLI::App& app, RawOptions& raw) {
  const std::string group = "Steering";
  app.add_option(
         "--steering", raw.steering,
         "Send TCP connections that this host's processes make to\nservice addresses straight to an endpoint, at "
         "connect(2),\nwhile all is well: auto does where BPF and cgroup v2 can be\nhad and service addresses are not "
         "loopback's; require ends\nthe start where they cannot; off leaves all to the relay\n(default auto)")
      ->option_text("auto|off|require")
      ->group(group);
  app.add_option("--steering-cgroup", raw.steering_cgroup,
                 "The control group (v2) whose processes are steered\n(default: the root of the hierarchy, where it is "
                 "mounted)")
      ->option_text("PATH")
      ->group(group);
  app.add_option(
         "--steering-pin-path", raw.steering_pin_path,
         "A folder of a BPF file system in which steering goes on\nwhile no kube-ferry runs (default: kube-ferry in "
         "the first\none that is mounted; without one it ends with the process)")
      ->option_text("PATH")
      ->group(group);
  app.add_option("--steering-max-service-ports", raw.steering_max_service_ports,
                 "Service ports that are steered, at most; the relay has the\nothers (default 16384)")
      ->option_text("N")
      ->group(group);
  app.add_option("--steering-max-endpoints", raw.steering_max_endpoints, "Their endpoints, at most (default 131072)")
      ->option_text("N")
      ->group(group);
  app.add_option("--steering-max-connections", raw.steering_max_connections,
                 "Steered connections that are open at a time, at most\n(default 65536)")
      ->option_text("N")
      ->group(group);
  app.add_option("--steering-max-affinities", raw.steering_max_affinities,
                 "Clients that keep their endpoint for sessionAffinity, at\nmost (default 8192)")
      ->option_text("N")
      ->group(group);
}

void define_ending_flags(CLI::App& app, RawOptions& raw) {
  app.add_option("--write-config-to", raw.write_config_to,
                 "Write the configuration that is in force here, or print it\n(-), and exit")
      ->option_text("FILE")
      ->group(kEndingGroup);
  app.add_flag("--init-only", raw.init_only,
               "Make the service ranges local, which needs privileges,\nand exit; what runs then needs none for it")
      ->group(kEndingGroup);
}

void define_process_flags(CLI::App& app, RawOptions& raw) {
  app.add_option("--bind-address", raw.bind_address,
                 "The node's primary address, in place of the first of\nits family that the Node object names "
                 "(default 0.0.0.0; that\nsays nothing)")
      ->option_text("IP")
      ->group("This node");
  app.add_option("--oom-score-adj", raw.oom_score_adj,
                 "From -1000 to 1000: how soon the kernel ends this\nprocess when memory runs out, the least last "
                 "(default -999)")
      ->option_text("N")
      ->group("This node");
}

void define_traffic_flags(CLI::App& app, RawOptions& raw) {
  const std::string group = "Connections";
  app.add_option("--workers", raw.workers, "Threads that carry connections (default: one a core)")
      ->option_text("N")
      ->group(group);
  app.add_option("--half-close-timeout", raw.half_close_timeout,
                 "Close a connection of which one side has finished when\nno byte moved for this long (default 15m)")
      ->option_text("DURATION")
      ->group(group);
  app.add_option("--udp-idle-timeout", raw.udp_idle_timeout,
                 "Close a UDP flow when no datagram passed for this long\n(default 30s)")
      ->option_text("DURATION")
      ->group(group);
  app.add_option("--dead-peer-timeout", raw.dead_peer_timeout,
                 "Reset a connection when one side has left unanswered for\nthis long what it ought to answer (default "
                 "30s; 0 leaves it\nto the kernel, which takes a quarter of an hour)")
      ->option_text("DURATION")
      ->group(group);
  app.add_option("--max-ejected-endpoints", raw.max_ejected_endpoints,
                 "An endpoint that did not take a connection is left out\nby those that follow, for a second and more, "
                 "as long as no\nmore than this share of a service's is; 0 leaves out none\n(default 50)")
      ->option_text("PERCENT")
      ->group(group);
  app.add_option("--shutdown-grace", raw.shutdown_grace,
                 "On SIGTERM, how long open connections may go on\n(default 30s; 0 cuts them at once)")
      ->option_text("DURATION")
      ->group(group);
  app.add_option("--takeover-socket", raw.takeover_socket,
                 "Take the place of the kube-ferry that listens here, if one\ndoes, without dropping anything, and let "
                 "the next one take\nthis one's; only its owner may (default: none)")
      ->option_text("PATH")
      ->group(group);
  app.add_option("--after-takeover", raw.after_takeover,
                 "What to do once another has taken this one's place and has\nits connections: exit, or wait for "
                 "SIGTERM where whoever\nstarted it would start it anew (default exit)")
      ->option_text("exit|wait")
      ->group(group);
}

void define_observation_flags(CLI::App& app, RawOptions& raw) {
  const std::string group = "Health, metrics, log";
  app.add_option("--healthz-bind-address", raw.healthz_bind_address,
                 "Serves /healthz and /livez (default 0.0.0.0:10256)")
      ->option_text("IP:PORT")
      ->group(group);
  app.add_option("--metrics-bind-address", raw.metrics_bind_address,
                 "Serves a live page, /api, /metrics, /healthz, /livez,\n/proxyMode and /configz (default "
                 "127.0.0.1:10249)")
      ->option_text("IP:PORT")
      ->group(group);
  app.add_option("--admin-socket", raw.admin_socket,
                 "Where kube-ferry top, get, explain, set and upgrade ask;\nonly its owner may (default "
                 "/run/kube-ferry/admin.sock; "
                 "'' for none)")
      ->option_text("PATH")
      ->group(group);
  app.add_flag("--show-clients", raw.show_clients, "Tell who connects at a metrics address that is not\nloopback, too")
      ->group(group);
  app.add_option("--metrics-endpoints", raw.metrics_endpoints,
                 "Endpoints that have metrics of their own, at most\n(default 1000)")
      ->option_text("N")
      ->group(group);
  app.add_option(
         "--access-log", raw.access_log,
         "Writes a line of JSON there for each TCP connection that\nhas ended; - for standard output; lines are "
         "dropped and\ncounted rather than waited for")
      ->option_text("FILE")
      ->group(group);
  app.add_flag("--bind-address-hard-fail", raw.bind_address_hard_fail,
               "End when one of these addresses cannot be had, rather\nthan try again every 5 seconds")
      ->group(group);
  app.add_option("-v,--v", raw.verbosity,
                 "How much is logged to stderr: 0 to 2 changes of state,\n3 to 5 also details, 6 to 10 everything "
                 "(default 2)")
      ->option_text("LEVEL")
      ->group(group);
  app.add_option("--log-format,--logging-format", raw.log_format,
                 "Lines of text, or of JSON as Kubernetes' components write\nthem (default text)")
      ->option_text("text|json")
      ->group(group);
}

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

void define_flags(CLI::App& app, RawOptions& raw) {
  app.get_formatter()->column_width(kExplanationColumn);
  app.footer(kFooter);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->always_capture_default();
  app.set_help_flag();
  define_cluster_flags(app, raw);
  define_node_flags(app, raw);
  define_process_flags(app, raw);
  define_steering_flags(app, raw);
  define_inert_flags(app);
  define_traffic_flags(app, raw);
  define_observation_flags(app, raw);
  app.set_help_flag("-h,--help", "Print this and exit")->group(kEndingGroup);
  define_ending_flags(app, raw);
  app.add_flag("--cleanup", raw.cleanup,
               "Take away the routes, rules and steering that earlier runs\nhave left, and exit")
      ->group(kEndingGroup);
  app.add_flag("--version", raw.version, "Print the version, the commit and the features, and exit")
      ->group(kEndingGroup);
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

std::variant<Options, TextToPrint> parse_options(std::vector<std::string> arguments) {
  RawOptions raw;
  CLI::App app{kDescription, "kube-ferry"};
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
  CLI::App app{kDescription, "kube-ferry"};
  define_flags(app, raw);
  see(app);
}

}  // namespace ferry::proxy
