#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include "proxy/relay/unique_fd.h"
#include "proxy/steering/pins.h"
#include "proxy/steering/steering.h"
#include "proxy/steering/steering_layout.h"
#include "tests/support/own_control_group.h"
#include "tests/support/own_network.h"

namespace ferry::proxy {

constexpr std::uint16_t kPort = 80;

inline config::IpAddress ip(const char* text) { return *config::IpAddress::parse(text); }

struct Place {
  config::IpAddress address;
  std::uint16_t port = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

inline sockaddr_in6 v6_of(const Place& place) {
  sockaddr_in6 made{};
  made.sin6_family = AF_INET6;
  made.sin6_port = htons(place.port);
  const std::string text = (place.address.is_v4() ? "::ffff:" : "") + place.address.to_string();
  ::inet_pton(AF_INET6, text.c_str(), &made.sin6_addr);
  return made;
}

inline Place place_of(const sockaddr_in6& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  return {ip(text.data()), ntohs(address.sin6_port)};
}

/// A process of one control group and network, made for this suite.
class SteeringTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    try {
      testing::enter_own_network();
      testing::ip("link set lo up");
      own_ = std::make_unique<testing::OwnControlGroup>();
    } catch (const std::runtime_error& error) {
      ADD_FAILURE() << error.what();
    }
  }
  static void TearDownTestSuite() { own_.reset(); }

  /// A suite that could not be set up would have its tests skipped.
  void SetUp() override { ASSERT_NE(own_, nullptr); }
  void TearDown() override {
    if (!own_) return;
    steering_.reset();
    remove_pins(pins());
  }

  static std::string pins() { return own_->bpf_filesystem() + "/kube-ferry"; }
  static SteeringOptions pinned() {
    SteeringOptions options;
    options.pin_path = pins();
    return options;
  }

  std::unique_ptr<Steering> attached(SteeringOptions options, const Steering::ServicePorts& ports) {
    options.cgroup = own_->path();
    return Steering::attach(
        loop_.get_executor(), options, ports, [this](const SteeringTrouble& trouble) { troubles_.push_back(trouble); },
        spdlog::default_logger());
  }
  void attach(const SteeringOptions& options = {}, const Steering::ServicePorts& ports = {}) {
    now_ = ports.empty() ? nullptr : ports.front();
    steering_ = attached(options, ports);
  }

  /// A listener at the address, of which nobody takes what comes.
  Place listen(const char* address) {
    UniqueFd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in6 at = v6_of({ip(address), 0});
    socklen_t size = sizeof(at);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&at), size), 0) << std::strerror(errno);
    EXPECT_EQ(::listen(socket.get(), 100), 0);
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size);
    const Place place = place_of(at);
    listeners_[place.port] = std::move(socket);
    return place;
  }
  /// One that answers nobody: a full queue of connections drops every SYN.
  Place listen_without_an_answer(const char* address) {
    const Place place = listen(address);
    EXPECT_EQ(::listen(listeners_.at(place.port).get(), 0), 0);
    EXPECT_EQ(connect(place), 0);
    fills_queue_ = std::move(socket_);
    return place;
  }
  /// What is pinned says then that the connection in the first slot has been dialled for a second.
  static void begin_a_second_earlier() {
    const std::string path = pins() + "/slots-" + std::to_string(FERRY_STEERING_LAYOUT);
    const UniqueFd slots(bpf_obj_get(path.c_str()));
    const __u32 first = 0;
    ferry_steered_slot slot{};
    ASSERT_EQ(bpf_map_lookup_elem(slots.get(), &first, &slot), 0) << std::strerror(errno);
    ASSERT_NE(slot.cookie, 0U);
    slot.socket.dialled_at -= 1000;
    ASSERT_EQ(bpf_map_update_elem(slots.get(), &first, &slot, BPF_ANY), 0) << std::strerror(errno);
  }
  /// How many have come to the listener since the last time.
  std::size_t arrived(const Place& at) {
    std::size_t count = 0;
    for (;;) {
      const UniqueFd one(::accept4(listeners_.at(at.port).get(), nullptr, nullptr, 0));
      if (!one) return count;
      ++count;
    }
  }

  std::shared_ptr<config::ServicePortInfo> info(const std::vector<Place>& endpoints) const {
    auto made = std::make_shared<config::ServicePortInfo>();
    made->name = name_;
    made->port = kPort;
    made->cluster_ips = {ip("10.96.0.10"), ip("fd00:96::10")};
    std::array<config::BackendSet, 2> sets;
    for (const Place& place : endpoints) {
      sets.at(static_cast<std::size_t>(place.address.family())).backends.push_back({place.address, place.port});
    }
    for (std::size_t family = 0; family < sets.size(); ++family) {
      std::sort(sets.at(family).backends.begin(), sets.at(family).backends.end());
      made->backends.at(family).cluster = std::make_shared<config::BackendSet>(sets.at(family));
    }
    return made;
  }
  void serve(std::shared_ptr<const config::ServicePortInfo> next) {
    const auto before = std::exchange(now_, next);
    steering_->apply({config::ServicePortChange{name_, before, next}});
  }
  std::string why_not() const { return steering_->port(name_).value().why_not; }
  SteeredCounters counters() const { return steering_->port(name_).value().connections; }

  /// Connects from a socket of IPv6 or, for an address of IPv4, of either kind. The errno; 0: it has.
  int connect(const Place& to, bool v6_socket = true, int flags = 0) {
    socket_ = UniqueFd(::socket(v6_socket ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    const std::size_t before = waiting();
    if (v6_socket) {
      const sockaddr_in6 address = v6_of(to);
      if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return errno;
    } else {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(to.port);
      ::inet_pton(AF_INET, to.address.to_string().c_str(), &address.sin_addr);
      if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return errno;
    }
    await_waiting(before + 1);
    return 0;
  }
  /// Connections that have come to the listeners, and nobody has taken (tcpi_unacked of a socket that listens).
  std::size_t waiting() const {
    std::size_t count = 0;
    for (const auto& [port, listener] : listeners_) {
      tcp_info info{};
      socklen_t size = sizeof(info);
      if (::getsockopt(listener.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0) count += info.tcpi_unacked;
    }
    return count;
  }
  /// One end is connected before the other, which has to have the last packet of the handshake first.
  void await_waiting(std::size_t wanted) const {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (waiting() < wanted) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "connected, and nobody listens there";
      std::this_thread::yield();
    }
  }
  /// The listener sends two bytes and closes, then the socket is closed; the kernel is done with it at once.
  void end_from_the_other_side(const Place& listener) {
    UniqueFd server(::accept4(listeners_.at(listener.port).get(), nullptr, nullptr, 0));
    ASSERT_EQ(::send(server.get(), "hi", 2, 0), 2);
    server.reset();
    std::array<char, 8> text{};
    ASSERT_EQ(::recv(socket_.get(), text.data(), text.size(), MSG_WAITALL), 2);
    socket_.reset();
  }
  /// Sockets that end, are refused, fail before anything is sent, and are closed before anything is sent: ten of each.
  void come_and_go() {
    const Place a = listen("127.0.0.1");
    serve(info({a}));
    for (int count = 0; count < 10; ++count) {
      ASSERT_EQ(connect(service_), 0);
      UniqueFd server(::accept4(listeners_.at(a.port).get(), nullptr, nullptr, 0));
      server.reset();
      socket_.reset();
    }
    listeners_.erase(a.port);
    for (int count = 0; count < 10; ++count) ASSERT_EQ(connect(service_), ECONNREFUSED);
    serve(info({{ip("192.0.2.1"), 80}}));
    for (int count = 0; count < 10; ++count) ASSERT_EQ(connect(service_), ENETUNREACH);
    serve(info({listen("127.0.0.9")}));
    for (int count = 0; count < 10; ++count) connect_with_the_first_bytes();
    socket_.reset();
  }
  /// Nothing is sent before there are bytes to send.
  void connect_with_the_first_bytes() {
    socket_ = UniqueFd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    for (const int option : {TCP_FASTOPEN_NO_COOKIE, TCP_FASTOPEN_CONNECT}) {
      const int on = 1;
      ASSERT_EQ(::setsockopt(socket_.get(), IPPROTO_TCP, option, &on, sizeof(on)), 0) << std::strerror(errno);
    }
    const sockaddr_in6 address = v6_of(service_);
    ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  /// Those that are steered, until one is not.
  std::vector<UniqueFd> connect_as_many_as_fit(std::size_t most = 20) {
    std::vector<UniqueFd> held;
    while (held.size() < most && connect(service_) == 0) held.push_back(std::move(socket_));
    socket_.reset();
    return held;
  }
  Place peer() const {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0) << std::strerror(errno);
    if (address.ss_family == AF_INET6) return place_of(reinterpret_cast<const sockaddr_in6&>(address));
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return {ip(text.data()), ntohs(v4.sin_port)};
  }

  void run_until_troubled() {
    while (troubles_.empty()) {
      if (loop_.run_one_for(std::chrono::seconds(20)) == 0) throw std::runtime_error("nobody heard of a trouble");
    }
  }

  const config::ServicePortName name_{{"default", "web"}, "http", config::Protocol::kTcp};
  const Place service_{ip("10.96.0.10"), kPort};
  const Place service6_{ip("fd00:96::10"), kPort};
  boost::asio::io_context loop_{1};
  std::vector<SteeringTrouble> troubles_;
  std::map<std::uint16_t, UniqueFd> listeners_;
  std::shared_ptr<const config::ServicePortInfo> now_;
  UniqueFd socket_;
  UniqueFd fills_queue_;
  std::unique_ptr<Steering> steering_;

  static inline std::unique_ptr<testing::OwnControlGroup> own_;
};

}  // namespace ferry::proxy
