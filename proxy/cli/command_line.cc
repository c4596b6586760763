#include "proxy/cli/command_line.h"

#include <memory>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/command_flags.h"
#include "proxy/cli/text.h"
#include "proxy/options/bind_address.h"
#include "proxy/options/unknown_argument.h"
#include "proxy/options/usage_error.h"

namespace ferry::cli {

namespace {

using proxy::UsageError;

constexpr const char* kUnits =
    "Bytes are counted in K, M, G of 1024; rates are per second, over the last five seconds.\n"
    "Exit code: 0, 2 when the command line is wrong, 1 for any other failure.";

constexpr const char* kResources = "services, endpoints or connections";

GetOptions::Resource parse_resource(const std::string& word) {
  using Resource = GetOptions::Resource;
  if (word == "services" || word == "service" || word == "svc") return Resource::kServices;
  if (word == "endpoints" || word == "endpoint" || word == "ep") return Resource::kEndpoints;
  if (word == "connections" || word == "connection" || word == "conn") return Resource::kConnections;
  if (const auto meant = proxy::nearest_word(word, {"services", "endpoints", "connections"}, 3)) {
    throw UsageError(fmt::format("get {}: did you mean {}? There are {}", printable(word), *meant, kResources));
  }
  throw UsageError(fmt::format("get {}: there is no such resource; give {}", printable(word), kResources));
}

/// Refuses a flag that says nothing of what was asked for.
void refuse_unless(bool fits, const std::string& value, const char* flag, const char* belongs_to) {
  if (fits || value.empty()) return;
  throw UsageError(fmt::format("{} {}: it goes with {} alone; leave it out", flag, printable(value), belongs_to));
}

GetOptions check_get(const RawFlags& flags) {
  using Resource = GetOptions::Resource;
  if (flags.words.empty()) throw UsageError(fmt::format("get needs to know what; give {}", kResources));
  GetOptions options;
  options.resource = parse_resource(flags.words[0]);
  const std::string second = flags.words.size() > 1 ? flags.words[1] : std::string();
  if (options.resource == Resource::kServices) {
    check_words(flags, 2, "get services takes one PATTERN, a part of a name or of an address");
    options.pattern = second;
  } else {
    check_words(flags, 2, fmt::format("get {} takes one NAMESPACE/NAME", flags.words[0]));
    if (!second.empty()) options.service = parse_service_name("get " + flags.words[0], second);
  }
  refuse_unless(options.resource == Resource::kServices, flags.sort, "--sort", "get services");
  refuse_unless(options.resource == Resource::kConnections, flags.limit, "--limit", "get connections");
  refuse_unless(options.resource != Resource::kConnections, flags.namespace_name, "-n",
                "get services and get endpoints");
  refuse_unless(!options.service, flags.namespace_name, "-n", "lists, not with one NAMESPACE/NAME,");
  options.socket = checked_socket(flags);
  options.format = checked_format(flags);
  options.namespace_name = flags.namespace_name;
  options.sort = checked_sort(flags, SortKey::kName);
  options.limit = checked_limit(flags, options.limit);
  return options;
}

std::unique_ptr<CLI::App> make_get(RawFlags& flags) {
  auto app = make_app("get",
                      "kube-ferry get services [PATTERN] [OPTIONS]\n"
                      "kube-ferry get endpoints [NAMESPACE/NAME] [OPTIONS]\n"
                      "kube-ferry get connections [NAMESPACE/NAME] [OPTIONS]",
                      "Lists what the kube-ferry of this node serves and carries.\n", flags);

  define_socket(*app, flags);
  define_namespace(*app, flags);
  app->add_option("-o,--output", flags.output, "wide: with more columns; json: as docs/api.md has it,\nall of it")
      ->option_text("wide|json");
  app->add_option("--sort", flags.sort,
                  "Services by name, endpoints, ejected, open,\nconnections, failures, bytes (these three: rates),\n"
                  "accepted or p99; the largest first (default name)")
      ->option_text("KEY");
  app->add_option("--limit", flags.limit, "At most so many connections, up to 1000 (default 100)")->option_text("N");
  app->footer(std::string("PATTERN is a part of NAMESPACE/NAME:PORT or of an address. ENDPOINTS 2/3: two of the three\n"
                          "in use take connections now. svc, ep and conn are short for the three.\n\n") +
              kUnits);
  return app;
}

CommandLine parse_get(const std::vector<std::string>& arguments) {
  RawFlags flags;
  const auto app = make_get(flags);
  if (auto help = parse_flags(*app, arguments)) return std::move(*help);
  return check_get(flags);
}

std::unique_ptr<CLI::App> make_explain(RawFlags& flags) {
  auto app =
      make_app("explain", "kube-ferry explain NAMESPACE/NAME[:PORT] [OPTIONS]",
               "Says in words what becomes of connections to a service: which endpoints are used,\nwhich are not, and "
               "why.\n",
               flags);

  define_socket(*app, flags);
  app->footer(
      "PORT is the name or the number of one of its ports; without it all are explained.\n"
      "Exit code: 0, 2 when the command line is wrong, 1 for any other failure, such as an unknown service.");
  return app;
}

CommandLine parse_explain(const std::vector<std::string>& arguments) {
  RawFlags flags;
  const auto app = make_explain(flags);
  if (auto help = parse_flags(*app, arguments)) return std::move(*help);
  if (flags.words.empty()) throw UsageError("explain needs a service; write NAMESPACE/NAME, such as default/web");
  check_words(flags, 1, "explain takes one NAMESPACE/NAME[:PORT]");
  ExplainOptions options;
  options.socket = checked_socket(flags);
  const std::string& word = flags.words.front();
  const auto colon = word.find(':');
  if (colon + 1 == word.size()) {
    throw UsageError(
        fmt::format("explain {}: no port follows the colon; write one's name or number, or leave out "
                    "the colon",
                    printable(word)));
  }
  options.service = parse_service_name("explain", word.substr(0, colon));
  if (colon != std::string::npos) options.port = word.substr(colon + 1);
  return options;
}

std::unique_ptr<CLI::App> make_set(RawFlags& flags) {
  auto app = make_app("set", "kube-ferry set log-level N [OPTIONS]",
                      "Changes how much the kube-ferry of this node logs, until it ends or its --v changes.\n", flags);

  define_socket(*app, flags);
  app->footer(
      "N is as for --v: 0 to 2 changes of state, 3 to 5 also details, 6 to 10 everything.\n"
      "Exit code: 0, 2 when the command line is wrong, 1 for any other failure.");
  return app;
}

CommandLine parse_set(const std::vector<std::string>& arguments) {
  RawFlags flags;
  const auto app = make_set(flags);
  if (auto help = parse_flags(*app, arguments)) return std::move(*help);
  if (flags.words.empty()) throw UsageError("set needs to know what; give log-level and a number from 0 to 10");
  if (flags.words[0] != "log-level") {
    throw UsageError(fmt::format("set {}: give log-level, which is what can be set", printable(flags.words[0])));
  }
  if (flags.words.size() < 2) throw UsageError("set log-level needs a number; give one from 0 to 10");
  check_words(flags, 2, "set log-level takes one number");
  SetOptions options;
  options.socket = checked_socket(flags);
  options.log_level = checked_log_level(flags.words[1]);
  return options;
}

std::unique_ptr<CLI::App> make_upgrade(RawFlags& flags) {
  auto app =
      make_app("upgrade", "kube-ferry upgrade [OPTIONS]",
               "Has the kube-ferry of this node start its program anew, with the flags it was started with, and\n"
               "hand everything over to that: no connection is refused, cut or forgotten. Waits until the new\n"
               "process serves.\n",
               flags);

  define_socket(*app, flags);
  app->add_option("--timeout", flags.timeout, "How long to wait (default 2m)")->option_text("DURATION");
  app->footer(
      "The one that runs must have a --takeover-socket, and goes on when the new one ends before it serves.\n"
      "Exit code: 0 once the new process serves, 2 when the command line is wrong, 1 for any other failure.");
  return app;
}

CommandLine parse_upgrade(const std::vector<std::string>& arguments) {
  RawFlags flags;
  const auto app = make_upgrade(flags);
  if (auto help = parse_flags(*app, arguments)) return std::move(*help);
  check_words(flags, 0, "upgrade takes flags alone, as kube-ferry upgrade --help shows");
  UpgradeOptions options;
  options.socket = checked_socket(flags);
  options.timeout = checked_timeout(flags, options.timeout);
  return options;
}

std::unique_ptr<CLI::App> make_top(RawFlags& flags) {
  auto app = make_app("top", "kube-ferry top [OPTIONS]",
                      "Shows what the kube-ferry of this node carries, live; h tells the keys.\n", flags);

  define_socket(*app, flags);
  define_namespace(*app, flags);
  app->add_option("--sort", flags.sort,
                  "By name, endpoints, ejected, open, connections,\nfailures, bytes (these three: rates), accepted or\n"
                  "p99; the largest first (default connections)")
      ->option_text("KEY");
  app->add_option("--interval", flags.interval, "How often it is brought up to date (default 2s)")
      ->option_text("DURATION");
  app->add_flag("--batch", flags.batch, "Print a table at each interval, without a terminal");
  app->add_flag("--once", flags.once, "Print one table and exit");
  app->footer(std::string(kUnits) + "\nA signal that ends it counts as 128 and its number; q and Ctrl-C as 0.");
  return app;
}

CommandLine parse_top(const std::vector<std::string>& arguments) {
  RawFlags flags;
  const auto app = make_top(flags);
  if (auto help = parse_flags(*app, arguments)) return std::move(*help);
  check_words(flags, 0, "top takes flags alone, as kube-ferry top --help shows");
  TopOptions options;
  options.socket = checked_socket(flags);
  if (flags.batch) options.mode = TopOptions::Mode::kBatch;
  if (flags.once) options.mode = TopOptions::Mode::kOnce;
  options.sort = checked_sort(flags, options.sort);
  options.interval = checked_interval(flags, options.interval);
  options.namespace_name = flags.namespace_name;
  return options;
}

std::unique_ptr<CLI::App> make_probe(RawFlags& flags) {
  auto app = make_app("probe", "kube-ferry probe [livez|healthz] [OPTIONS]",
                      "Asks the kube-ferry of this node whether it is well, for what restarts or routes by an\n"
                      "exit code: a container's HEALTHCHECK, a pod's exec probe, a script.\n",
                      flags);

  app->add_option("--healthz-bind-address", flags.healthz_bind_address,
                  "The flag of the kube-ferry to ask (default\n0.0.0.0:10256, or what the environment's\n"
                  "KUBE_FERRY_HEALTHZ_BIND_ADDRESS says)")
      ->envname("KUBE_FERRY_HEALTHZ_BIND_ADDRESS")
      ->option_text("IP:PORT");
  app->add_option("--timeout", flags.timeout, "How long it may take to answer (default 2s)")->option_text("DURATION");
  app->footer(
      "livez, the default: it has read the cluster's state whole once, and is not stuck.\n"
      "healthz: that, it is not ending, and its node is not going away.\n"
      "Exit code: 0 when it is well, 2 when the command line is wrong, 1 otherwise, with the reason.");
  return app;
}

CommandLine parse_probe(const std::vector<std::string>& arguments) {
  RawFlags flags;
  const auto app = make_probe(flags);
  if (auto help = parse_flags(*app, arguments)) return std::move(*help);
  check_words(flags, 1, "probe takes livez or healthz");
  ProbeOptions options;
  if (!flags.words.empty()) {
    const std::string& word = flags.words.front();
    if (word != "livez" && word != "healthz") {
      throw UsageError(fmt::format("probe {}: there is no such page; give livez or healthz", printable(word)));
    }
    options.page = "/" + word;
  }
  options.address = checked_health_address(flags);
  options.timeout = checked_timeout(flags, options.timeout);
  return options;
}

}  // namespace

bool is_command(std::string_view word) {
  return word == "top" || word == "get" || word == "explain" || word == "set" || word == "upgrade" || word == "probe";
}

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  const std::string& command = arguments.at(0);
  if (command == "get") return parse_get(arguments);
  if (command == "explain") return parse_explain(arguments);
  if (command == "set") return parse_set(arguments);
  if (command == "upgrade") return parse_upgrade(arguments);
  if (command == "probe") return parse_probe(arguments);
  return parse_top(arguments);
}

void show_commands(const std::function<void(const CLI::App&)>& see) {
  RawFlags flags;
  see(*make_top(flags));
  see(*make_get(flags));
  see(*make_explain(flags));
  see(*make_set(flags));
  see(*make_upgrade(flags));
  see(*make_probe(flags));
}

}  // namespace ferry::cli
