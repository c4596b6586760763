// kube-ferry-echo: a backend that says its name, and a client that counts who answered. For the demo and for trying a
// service by hand.

#include <charconv>
#include <csignal>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "tests/e2e/datagram_echo.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/echo_server.h"
#include "tests/e2e/steady_load.h"

namespace {

using boost::asio::ip::tcp;
using ferry::testing::ask_times;
using ferry::testing::call_times;
using ferry::testing::DatagramEcho;
using ferry::testing::EchoServer;

constexpr std::string_view kUsage =
    "Usage: kube-ferry-echo serve NAME ADDRESS:PORT   greet each connection with NAME, echo, until SIGTERM;\n"
    "                                                 port 0 takes a free one; the first line says where\n"
    "       kube-ferry-echo call ADDRESS:PORT COUNT   make COUNT connections and say who answered\n"
    "       kube-ferry-echo load ADDRESS:PORT         the same, 200 a second until SIGTERM or SIGINT;\n"
    "                                                 SIGUSR1 prints the count so far, SIGUSR2 pauses\n"
    "                                                 between two calls, and goes on the next time\n"
    "       kube-ferry-echo answer NAME ADDRESS:PORT  the same as serve for UDP: each datagram comes back with NAME\n"
    "       kube-ferry-echo ask ADDRESS:PORT COUNT    the same as call for UDP\n"
    "Exits 1 when a connection failed.\n";

std::optional<std::size_t> parse_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<tcp::endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string host(text.substr(0, colon));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  const auto port = parse_number(text.substr(colon + 1));
  if (error || !port || *port > 65535) return std::nullopt;
  return tcp::endpoint(address, static_cast<std::uint16_t>(*port));
}

boost::asio::ip::udp::endpoint to_udp(const tcp::endpoint& endpoint) { return {endpoint.address(), endpoint.port()}; }

/// Signals are taken one at a time by sigwait, so no handler runs beside the program.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

template <class Server, class Endpoint>
int serve(const std::string& name, const Endpoint& endpoint) {
  const sigset_t signals = block_signals();
  const Server server(name, endpoint);
  std::cout << server.endpoint() << std::endl;
  int number = 0;
  do {
    sigwait(&signals, &number);
  } while (number == SIGUSR1 || number == SIGUSR2);
  return 0;
}

int tell(const ferry::testing::Tally& tally) {
  std::cout << tally.to_string() << std::endl;
  return tally.failed == 0 ? 0 : 1;
}

int load(const tcp::endpoint& target) {
  const sigset_t signals = block_signals();
  ferry::testing::SteadyLoad steady(target);
  bool paused = false;
  int number = 0;
  for (sigwait(&signals, &number); number == SIGUSR1 || number == SIGUSR2; sigwait(&signals, &number)) {
    if (number == SIGUSR1) {
      std::cout << steady.tally().to_string() << std::endl;
    } else if (paused) {
      steady.resume();
      paused = false;
    } else {
      steady.pause();
      paused = true;
      std::cout << "paused" << std::endl;
    }
  }
  return tell(steady.stop());
}

int run(const std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "--help") {
    std::cout << kUsage;
    return 0;
  }
  if (verb == "serve" && words.size() == 3) {
    if (const auto endpoint = parse_endpoint(words[2])) return serve<EchoServer>(words[1], *endpoint);
  } else if (verb == "load" && words.size() == 2) {
    if (const auto target = parse_endpoint(words[1])) return load(*target);
  } else if (verb == "call" && words.size() == 3) {
    const auto target = parse_endpoint(words[1]);
    const auto count = parse_number(words[2]);
    if (target && count) return tell(call_times(*target, *count));
  } else if (verb == "answer" && words.size() == 3) {
    if (const auto endpoint = parse_endpoint(words[2])) return serve<DatagramEcho>(words[1], to_udp(*endpoint));
  } else if (verb == "ask" && words.size() == 3) {
    const auto target = parse_endpoint(words[1]);
    const auto count = parse_number(words[2]);
    if (target && count) return tell(ask_times(to_udp(*target), *count));
  }
  std::cerr << kUsage;
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << "kube-ferry-echo: " << error.what() << "\n";
    return 1;
  }
}
