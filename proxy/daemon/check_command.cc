#include "proxy/daemon/check_command.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include <CLI/CLI.hpp>
#include <linux/capability.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include "proxy/daemon/api_access.h"
#include "proxy/daemon/api_report.h"
#include "proxy/host/host_addresses.h"
#include "proxy/host/route_list.h"
#include "proxy/host/stale_rules.h"
#include "proxy/options/read_options.h"
#include "proxy/preflight/address_findings.h"
#include "proxy/preflight/host_findings.h"
#include "proxy/preflight/range_findings.h"
#include "proxy/preflight/steering_findings.h"
#include "watch/kubeconfig/kubeconfig.h"

namespace ferry::proxy {

namespace {

constexpr const char* kDescription =
    "Looks at everything that a kube-ferry started here with the same flags would depend on,\n"
    "and says what to do where something is amiss. Changes nothing.\n";

constexpr const char* kFooter =
    "[FLAGS] are the daemon's own, as kube-ferry --help lists them, --config among them.\n"
    "Without privileges it says what it could not look at.\n"
    "\n"
    "Examples:\n"
    "  kube-ferry check --kubeconfig /var/lib/kube-proxy/kubeconfig.conf --service-cidr 10.96.0.0/12\n"
    "  kube-ferry check --config /etc/kube-ferry/config.yaml -o json\n"
    "\n"
    "Exit code: 0 when nothing stands in the way (there may be warnings), 1 when something does, 2 when the\n"
    "command line is wrong.";

constexpr std::size_t kExplanationColumn = 30;

class CheckFormatter : public CLI::Formatter {
 public:
  CheckFormatter() { column_width(kExplanationColumn); }
  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override {
    return "Usage: kube-ferry check [FLAGS] [-o json]\n";
  }
};

/// Knows its own flags alone, and leaves the daemon's as they are.
std::unique_ptr<CLI::App> make_app(std::string& output) {
  auto app = std::make_unique<CLI::App>(kDescription, "kube-ferry check");
  app->formatter(std::make_shared<CheckFormatter>());
  app->set_help_flag("-h,--help", "Print this and exit");
  app->add_option("-o,--output", output, "json: the findings as JSON, for programs")->option_text("json");
  app->footer(kFooter);
  app->allow_extras();
  return app;
}

void add(Findings& all, Findings some) { std::move(some.begin(), some.end(), std::back_inserter(all)); }

/// What the server says; none when none is to be asked, or it cannot be.
std::optional<ApiAnswers> ask(const Options& options, Findings& findings) {
  constexpr const char* kServer = "API server";
  try {
    const auto config = api_access(options);
    if (config) return ask_api_server(*config, options);
    findings.push_back(ok(kServer, "none is asked: services come from files alone"));
  } catch (const watch::ClientConfigError& refused) {
    findings.push_back(error(kServer, refused.what(), "mend this, or name another --kubeconfig or --master"));
  }
  return std::nullopt;
}

RangeFacts range_facts(const Options& options, const std::optional<ApiAnswers>& answers, const KernelFacts& kernel) {
  RangeFacts facts;
  facts.ranges = options.service_cidrs;
  if (!facts.ranges.empty()) facts.source = RangeFacts::Source::kFlag;
  facts.pods = options.cluster_cidrs;
  if (answers) {
    if (facts.ranges.empty() && !answers->service_ranges.empty()) {
      facts.ranges = answers->service_ranges;
      facts.source = RangeFacts::Source::kApiServer;
    }
    if (facts.pods.empty() && answers->node) facts.pods = answers->node->pod_cidrs;
    facts.kubernetes = answers->kubernetes;
  }
  facts.host_addresses = read_host_addresses();
  facts.routes = read_routes();
  facts.net_admin = kernel.may(CAP_NET_ADMIN);
  return facts;
}

Findings check_addresses(const Options& options) {
  Findings findings;
  if (const auto& address = options.healthz_bind_address) {
    findings.push_back(check_address(try_address("--healthz-bind-address", *address)));
  }
  if (const auto& address = options.metrics_bind_address) {
    findings.push_back(check_address(try_address("--metrics-bind-address", *address)));
  }
  if (!options.admin_socket.empty()) {
    findings.push_back(check_socket(try_socket(options.admin_socket, options.admin_socket_given)));
  }
  for (const std::string& path : options.source_files) add(findings, check_readable("--source-file", path));
  if (!options.access_log.empty()) add(findings, check_writable("--access-log", options.access_log));
  return findings;
}

Findings check_host(const Options& options, const std::optional<ApiAnswers>& answers) {
  Findings findings;
  const KernelFacts kernel = read_kernel_facts();
  try {
    const RangeFacts facts = range_facts(options, answers, kernel);
    add(findings, check_ranges(facts));
    StaleRules rules = find_stale_rules();
    add(findings, check_kube_proxy({find_processes("kube-proxy"), std::move(rules.places), rules.error}));
    add(findings, check_addresses(options));
    add(findings, check_kernel(kernel, {options.capture, facts.ranges}));
    const bool trial = !facts.ranges.empty() && facts.ranges.front().address().is_loopback();
    add(findings, check_steering(read_steering_facts(steering_settings(options), trial)));
  } catch (const std::system_error& failure) {
    findings.push_back(warning("kernel", failure.what(), "run this where the host's network can be seen"));
  }
  add(findings, check_limits(read_limit_facts()));
  return findings;
}

bool parse_output(const std::string& output) {
  if (output.empty() || output == "json") return output == "json";
  throw UsageError(fmt::format("-o {}: give json, or leave it out", output));
}

}  // namespace

int check_command(std::vector<std::string> arguments, std::ostream& out) {
  std::string output;
  const auto app = make_app(output);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app->parse(arguments);
  } catch (const CLI::CallForHelp&) {
    out << app->help();
    return EXIT_SUCCESS;
  } catch (const CLI::ParseError&) {
    throw UsageError("-o needs a value; give json");
  }
  const bool json = parse_output(output);
  auto read = read_options(app->remaining());
  if (const auto* const print = std::get_if<TextToPrint>(&read)) {
    out << print->text;
    return EXIT_SUCCESS;
  }
  const Options& options = std::get<ReadOptions>(read).options;
  // What is wrong is a finding, not a line of a log.
  spdlog::set_level(spdlog::level::off);
  Findings findings;
  const auto answers = ask(options, findings);
  if (answers) add(findings, check_api(answers->report));
  add(findings, check_host(options, answers));
  out << (json ? to_json(findings) : to_text(findings)) << std::flush;
  if (!out) throw std::runtime_error("the findings could not be written to standard output; is there room for them?");
  return has_errors(findings) ? EXIT_FAILURE : EXIT_SUCCESS;
}

void show_check_flags(const std::function<void(const CLI::App&)>& see) {
  std::string output;
  see(*make_app(output));
}

}  // namespace ferry::proxy
