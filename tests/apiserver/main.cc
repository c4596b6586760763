#include <csignal>
#include <cstdint>
#include <iostream>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "tests/apiserver/controllers/controllers.h"
#include "tests/apiserver/server.h"

namespace {

using ferry::apiserver::Options;
using ferry::apiserver::Release;

constexpr const char* kFooter =
    "Faults on demand: POST a JSON object to /_faults, GET it to see what is in force, DELETE it to end them.\n"
    R"(  {"action":"error","verb":"list","path":"/services","count":3,"code":429,"retryAfterSeconds":1})"
    "\nActions: error, error-event, delay, reset, cut, garbage, slow, silence, no-bookmarks, drop.\n"
    "tests/apiserver/README.md describes them.";

struct Flags {
  Options options;
  bool controllers = false;
  std::string emulate = "1.36";
  int bookmark_seconds = 60;
  /// 0: as many as the objects to start with have taken.
  std::uint64_t resource_version = 0;
  int verbosity = 0;
};

void declare(CLI::App& app, Flags& flags) {
  auto& options = flags.options;
  app.footer(kFooter);
  app.add_option("--listen", options.listen, "ADDRESS:PORT to listen on; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--seed", options.seed_file, "Manifests to start with, YAML or JSON, several documents");
  app.add_flag("--controllers", flags.controllers, "Schedule pods and publish their endpoints");
  app.add_option("--tls-cert-file", options.tls_cert_file, "PEM certificate chain: serve TLS");
  app.add_option("--tls-private-key-file", options.tls_private_key_file, "PEM private key of the certificate");
  app.add_option("--token-file", options.token_file,
                 "Bearer tokens that are let in: lines of token,user,uid,\"groups\"");
  app.add_option("--deny", options.denied, "What nobody may, such as 'list services' or 'watch nodes'; may be repeated")
      ->take_all()
      ->expected(1);
  app.add_option("--service-cluster-ip-range", options.service_cluster_ip_range,
                 "CIDR of cluster IPs, or an IPv4 and an IPv6 one separated by a comma")
      ->capture_default_str();
  app.add_option("--history", options.history, "Events kept per resource; what is older is answered 410")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  app.add_option("--resource-version", flags.resource_version,
                 "The version to start at, as after a restart: a watch from an older one is answered 410");
  app.add_option("--bookmark-interval", flags.bookmark_seconds, "Seconds between the bookmarks of a watch")
      ->capture_default_str()
      ->check(CLI::Range(1, 86400));
  app.add_option("--emulate", flags.emulate, "The release of Kubernetes to behave as: 1.20 or 1.36")
      ->capture_default_str()
      ->check(CLI::IsMember({"1.20", "1.36"}));
  app.add_flag("!--no-endpointslices", options.endpoint_slices, "Serve no discovery.k8s.io at all");
  app.add_flag("--v1beta1-capital-events", options.capital_events,
               "Write {\"Type\",\"Object\"} in watches below /api/v1beta1");
  app.add_option("--v", flags.verbosity, "0: warnings, 1: and what happens, 2: and every request")
      ->capture_default_str();
}

int run(Flags flags) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("apiserver"));
  spdlog::set_level(flags.verbosity > 1   ? spdlog::level::debug
                    : flags.verbosity > 0 ? spdlog::level::info
                                          : spdlog::level::warn);
  auto& options = flags.options;
  options.release = flags.emulate == "1.20" ? Release::k1_20 : Release::k1_36;
  options.bookmark_interval = std::chrono::seconds(flags.bookmark_seconds);
  if (flags.controllers) options.controllers = ferry::apiserver::start_all_controllers();

  boost::asio::io_context loop(1);
  ferry::apiserver::Server server(loop, options);
  if (flags.resource_version > 0) server.storage().restore_at(flags.resource_version);
  server.start();
  std::cout << server.url() << std::endl;

  // The first signal lets every watch end properly, a second one does not wait for them.
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    server.drain();
    signals.async_wait([&](const boost::system::error_code& again, int) {
      if (!again) server.stop();
    });
  });
  while (loop.run_one() > 0) {
    if (!server.listening() && server.open_connections() == 0) signals.cancel();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A Kubernetes API server in memory, for tests and demonstrations.", "kube-ferry-apiserver");
  Flags flags;
  declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return run(flags);
  } catch (const std::exception& error) {
    std::cerr << "kube-ferry-apiserver: " << error.what() << '\n';
    return 1;
  }
}
