#include <chrono>
#include <cstdlib>
#include <deque>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <spdlog/spdlog.h>

#include "config/service.h"
#include "watch/codec/v1/formats.h"
#include "watch/reflector/reflector.h"
#include "watch/rest/resource_client.h"
#include "watch/rest/rest_client.h"
#include "watch/wait/system_clock.h"

namespace {

namespace asio = boost::asio;
using ferry::config::Service;
using namespace ferry::watch;

/// The machine's time; its randomness, or always 0: as if there were no jitter.
class HerdClock final : public Clock {
 public:
  explicit HerdClock(bool jitter) : jitter_(jitter) {}
  TimePoint now() const override { return system_.now(); }
  asio::awaitable<void> sleep(Duration duration) override { return system_.sleep(duration); }
  double random() override { return jitter_ ? system_.random() : 0.0; }

 private:
  SystemClock system_;
  bool jitter_;
};

/// When which kind of request was made.
struct Requests {
  std::vector<Clock::TimePoint> lists;
  std::vector<Clock::TimePoint> checks;
  std::vector<Clock::TimePoint> watches;
};

/// The services of the server, each request written down.
class Recorded final : public ListerWatcher<Service> {
 public:
  Recorded(ListerWatcher<Service>& server, Requests& requests) : server_(server), requests_(requests) {}

  asio::awaitable<Result<ListMeta>> list(ListOptions options, OnItem on_item) override {
    (options.not_older_than ? requests_.checks : requests_.lists).push_back(std::chrono::steady_clock::now());
    return server_.list(std::move(options), std::move(on_item));
  }
  asio::awaitable<Result<void>> watch(WatchOptions options, OnEvent on_event) override {
    (options.send_initial_events ? requests_.lists : requests_.watches).push_back(std::chrono::steady_clock::now());
    return server_.watch(std::move(options), std::move(on_event));
  }

 private:
  ListerWatcher<Service>& server_;
  Requests& requests_;
};

/// Counts how often the collection came whole.
class CountingSink final : public ReflectorSink<Service> {
 public:
  void replace(std::vector<Service> /*services*/) override { ++replaced_; }
  void add(Service /*service*/) override {}
  void remove(const ferry::config::NamespacedName& /*name*/) override {}
  std::size_t replaced() const { return replaced_; }

 private:
  std::size_t replaced_ = 0;
};

/// One node's reflector, with connections of its own.
class Node {
 public:
  Node(asio::io_context& loop, const ClientConfig& config, Clock& clock, Requests& requests)
      : rest_(loop.get_executor(), config),
        client_(rest_, codec::v1::kServices, Selection{}, monitor_.skipped()),
        recorded_(client_, requests),
        reflector_(recorded_, sink_, clock, monitor_) {
    asio::co_spawn(loop, reflector_.run(), [](const std::exception_ptr& failure, const ApiError& error) {
      if (failure) std::rethrow_exception(failure);
      throw std::runtime_error("a reflector gave up: " + error.to_string());
    });
  }

  std::size_t replaced() const { return sink_.replaced(); }

 private:
  ReflectorMonitor monitor_{"services"};
  RestClient rest_;
  ResourceClient<Service> client_;
  Recorded recorded_;
  CountingSink sink_;
  Reflector<Service> reflector_;
};

void print(const char* name, const std::vector<Clock::TimePoint>& times) {
  for (const Clock::TimePoint& time : times) {
    std::cout << name << ' ' << std::chrono::duration<double>(time.time_since_epoch()).count() << '\n';
  }
}

}  // namespace

/// Reflects the services of a server many times, says when each has them, waits until each has them whole a second
/// time, and prints when every request was made, by the machine's monotonic clock.
int main(int argc, char** argv) {
  CLI::App app("Many reflectors of one API server, and what they ask of it when it restarts.", "herd");
  std::string server;
  std::size_t count = 2000;
  bool jitter = true;
  app.add_option("--server", server, "http://ADDRESS:PORT")->required();
  app.add_option("--reflectors", count, "how many")->capture_default_str();
  app.add_flag("!--no-jitter", jitter, "every random number is 0");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::off);

  const auto url = parse_url(server);
  if (!url) {
    std::cerr << "herd: --server: " << url.error() << '\n';
    return 2;
  }
  ClientConfig config;
  config.server = *url;
  asio::io_context loop(1);
  HerdClock clock(jitter);
  Requests requests;
  std::deque<Node> nodes;
  for (std::size_t i = 0; i < count; ++i) nodes.emplace_back(loop, config, clock, requests);
  const auto run_until_all_have = [&](std::size_t times) {
    for (const Node& node : nodes) {
      while (node.replaced() < times) loop.run_one();
    }
  };
  std::cout.precision(9);
  std::cout << std::fixed;
  run_until_all_have(1);
  std::cout << "all have it" << std::endl;
  run_until_all_have(2);
  print("list", requests.lists);
  print("check", requests.checks);
  print("watch", requests.watches);
  std::cout << "end" << std::endl;
  // Nothing is waited for: what still runs ends with the process.
  std::_Exit(0);
}
