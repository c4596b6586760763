#include "proxy/options/option_flags.h"

#include "proxy/options/inert_flags.h"

namespace ferry::proxy {

namespace {

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

}  // namespace

const char* const kFlagsDescription =
    "Carries connections made to Kubernetes Services to their endpoints, on this node.\n"
    "Takes kube-proxy's place: same inputs, same addresses for health and metrics.\n";

const char* const kEndingGroup = "Others";

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

}  // namespace ferry::proxy
