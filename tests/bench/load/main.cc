// What the benchmarks of the data path load it with: one server, and clients. See --help.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/bench/load/alternately.h"
#include "tests/bench/load/client.h"
#include "tests/bench/load/server.h"
#include "tests/bench/load/sockets.h"

namespace {

using ferry::bench::Hello;

int run(int argc, char** argv) {
  CLI::App app{"Loads a TCP or UDP proxy. Each client prints one line of JSON."};
  app.require_subcommand(1);
  std::string address;
  const auto command = [&](const char* name, const char* what) {
    CLI::App* const made = app.add_subcommand(name, what);
    made->add_option("address", address, "IPv4 address and port")->required();
    return made;
  };

  CLI::App* const serve = command("serve", "The server for all of them");
  std::size_t delay = 0;
  serve->add_option("--delay", delay, "Milliseconds by which each response is late (0)");
  std::size_t buffer = ferry::bench::kBufferBytes;
  const auto has_buffer = [&buffer](CLI::App* subcommand) {
    subcommand->add_option("--buffer", buffer, "Bytes that one call reads or sends at most (262144)")
        ->check(CLI::Range(65536U, 262144U));
  };
  has_buffer(serve);

  ferry::bench::RequestLoad load;
  double seconds = 3;
  double warm_up = 0.5;
  double patience = 1;
  double slow = 0.3;
  CLI::App* const ask = command("ask", "Requests and responses");
  ask->add_option("--connections", load.connections, "At a time (50)");
  ask->add_option("--request", load.request_bytes, "Bytes of a request (64)")->check(CLI::Range(16U, 262144U));
  ask->add_option("--response", load.response_bytes, "Bytes of a response (64)")->check(CLI::Range(1U, 262144U));
  ask->add_option("--rate", load.rate, "Requests a second; else as many as go");
  ask->add_flag_callback(
      "--reconnect", [&load] { load.requests_each = 1; }, "A connection for each request");
  ask->add_option("--requests-each", load.requests_each, "Requests on a connection before it is closed (no end)");
  ask->add_option("--sources", load.sources, "Addresses to ask from, 127.1.0.1 and following (one)")
      ->check(CLI::Range(0U, 65000U));
  ask->add_flag("--datagrams", load.datagrams, "By UDP");
  ask->add_option("--seconds", seconds, "Counted after the warm-up (3)");
  ask->add_option("--warm-up", warm_up, "Seconds that are not counted (0.5)");
  ask->add_option("--patience", patience, "Seconds after which a request has failed (1)");
  ask->add_option("--slow", slow, "Seconds after which an answer counts as slow (0.3)");

  std::string kind = "upload";
  std::size_t connections = 1;
  const std::map<std::string, Hello::Kind> kinds{
      {"upload", Hello::Kind::kUpload}, {"download", Hello::Kind::kDownload}, {"both", Hello::Kind::kBothWays}};
  CLI::App* const stream = command("stream", "Bytes without end");
  stream->add_option("--kind", kind, "upload, download or both (upload)")->check(CLI::IsMember(kinds));
  stream->add_option("--connections", connections, "At a time (1)");
  stream->add_option("--seconds", seconds, "(3)");
  has_buffer(stream);

  CLI::App* const hold = command("hold", "Idle connections, until standard input ends");
  hold->add_option("--connections", connections, "(1)");

  CLI::App* const alternate = command("alternately", "A server here, and connections to it one by one");
  std::vector<std::string> ways;
  std::size_t count = 1000;
  alternate->add_option("ways", ways, "Addresses and ports that lead to it")->required();
  alternate->add_option("--count", count, "Connections to each (1000)")->check(CLI::Range(10U, 10'000'000U));

  CLI11_PARSE(app, argc, argv);
  const sockaddr_in at = ferry::bench::parse_endpoint(address);
  load.length = std::chrono::duration<double>(seconds);
  load.warm_up = std::chrono::duration<double>(warm_up);
  load.patience = std::chrono::duration<double>(patience);
  load.slow = std::chrono::duration<double>(slow);
  if (serve->parsed()) {
    ferry::bench::serve(at, std::chrono::milliseconds(delay), buffer);
  } else if (ask->parsed()) {
    std::puts(ferry::bench::ask(at, load).dump().c_str());
  } else if (stream->parsed()) {
    std::puts(ferry::bench::stream(at, kinds.at(kind), connections, load.length, buffer).dump().c_str());
  } else if (hold->parsed()) {
    ferry::bench::hold(at, connections);
  } else if (alternate->parsed()) {
    std::vector<sockaddr_in> addresses;
    for (const std::string& way : ways) addresses.push_back(ferry::bench::parse_endpoint(way));
    std::puts(ferry::bench::alternately(at, addresses, count).dump().c_str());
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
