#include "proxy/steering/steering.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"
#include "proxy/steering/pins.h"
#include "proxy/steering/steering_layout.h"
#include "tests/support/own_control_group.h"
#include "tests/support/own_network.h"

namespace ferry::proxy {
namespace {

using config::Backend;
using config::BackendSet;
using config::IpAddress;
using config::ServicePortChange;
using config::ServicePortInfo;
using config::ServicePortName;
using std::chrono::seconds;

namespace testing = ferry::testing;
using ::testing::HasSubstr;

constexpr std::uint16_t kPort = 80;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

struct Place {
  IpAddress address;
  std::uint16_t port = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

sockaddr_in6 v6_of(const Place& place) {
  sockaddr_in6 made{};
  made.sin6_family = AF_INET6;
  made.sin6_port = htons(place.port);
  const std::string text = (place.address.is_v4() ? "::ffff:" : "") + place.address.to_string();
  ::inet_pton(AF_INET6, text.c_str(), &made.sin6_addr);
  return made;
}

Place place_of(const sockaddr_in6& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  return {ip(text.data()), ntohs(address.sin6_port)};
}

/// This thread does without these, for as long as this object lives.
class WithoutCapabilities {
 public:
  explicit WithoutCapabilities(const std::vector<unsigned>& capabilities) {
    EXPECT_EQ(::syscall(SYS_capget, &header_, before_.data()), 0) << std::strerror(errno);
    auto fewer = before_;
    for (const unsigned capability : capabilities) fewer.at(capability / 32).effective &= ~(1U << capability % 32);
    EXPECT_EQ(::syscall(SYS_capset, &header_, fewer.data()), 0) << std::strerror(errno);
  }
  ~WithoutCapabilities() { ::syscall(SYS_capset, &header_, before_.data()); }
  WithoutCapabilities(const WithoutCapabilities&) = delete;
  WithoutCapabilities& operator=(const WithoutCapabilities&) = delete;

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> before_{};
};

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
  /// How many have come to the listener since the last time.
  std::size_t arrived(const Place& at) {
    std::size_t count = 0;
    for (;;) {
      const UniqueFd one(::accept4(listeners_.at(at.port).get(), nullptr, nullptr, 0));
      if (!one) return count;
      ++count;
    }
  }

  std::shared_ptr<ServicePortInfo> info(const std::vector<Place>& endpoints) const {
    auto made = std::make_shared<ServicePortInfo>();
    made->name = name_;
    made->port = kPort;
    made->cluster_ips = {ip("10.96.0.10"), ip("fd00:96::10")};
    std::array<BackendSet, 2> sets;
    for (const Place& place : endpoints) {
      sets.at(static_cast<std::size_t>(place.address.family())).backends.push_back({place.address, place.port});
    }
    for (std::size_t family = 0; family < sets.size(); ++family) {
      std::sort(sets.at(family).backends.begin(), sets.at(family).backends.end());
      made->backends.at(family).cluster = std::make_shared<BackendSet>(sets.at(family));
    }
    return made;
  }
  void serve(std::shared_ptr<const ServicePortInfo> next) {
    const auto before = std::exchange(now_, next);
    steering_->apply({ServicePortChange{name_, before, next}});
  }
  std::string why_not() const { return steering_->port(name_).value().why_not; }
  SteeredCounters counters() const { return steering_->port(name_).value().connections; }

  /// Connects from a socket of IPv6 or, for an address of IPv4, of either kind. The errno; 0: it has.
  int connect(const Place& to, bool v6_socket = true, int flags = 0) {
    socket_ = UniqueFd(::socket(v6_socket ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    if (v6_socket) {
      const sockaddr_in6 address = v6_of(to);
      return ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    ::inet_pton(AF_INET, to.address.to_string().c_str(), &address.sin_addr);
    return ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
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
      if (loop_.run_one_for(seconds(20)) == 0) throw std::runtime_error("nobody heard of a trouble");
    }
  }

  const ServicePortName name_{{"default", "web"}, "http", config::Protocol::kTcp};
  const Place service_{ip("10.96.0.10"), kPort};
  const Place service6_{ip("fd00:96::10"), kPort};
  boost::asio::io_context loop_{1};
  std::vector<SteeringTrouble> troubles_;
  std::map<std::uint16_t, UniqueFd> listeners_;
  std::shared_ptr<const ServicePortInfo> now_;
  UniqueFd socket_;
  std::unique_ptr<Steering> steering_;

  static inline std::unique_ptr<testing::OwnControlGroup> own_;
};

TEST_F(SteeringTest, ConnectionsGoToTheEndpointsInTurnAndSeeTheService) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  serve(info({a, b}));
  for (int count = 0; count < 10; ++count) {
    ASSERT_EQ(connect(service_, false), 0);
    EXPECT_EQ(peer(), service_);
  }
  EXPECT_EQ(arrived(a), 5U);
  EXPECT_EQ(arrived(b), 5U);
  EXPECT_EQ(why_not(), "");
}

TEST_F(SteeringTest, SocketsOfIpv6ReachServicesOfBothFamilies) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("::1");
  serve(info({a, b}));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(peer(), service_);
  EXPECT_EQ(arrived(a), 1U);
  ASSERT_EQ(connect(service6_), 0);
  EXPECT_EQ(peer(), service6_);
  EXPECT_EQ(arrived(b), 1U);
}

TEST_F(SteeringTest, WhatChangesIsInForceForTheNextConnection) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  serve(info({b}));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(a), 1U);
  EXPECT_EQ(arrived(b), 1U);
  serve(nullptr);
  EXPECT_EQ(connect(service_), ENETUNREACH) << "it is left as it is";
}

TEST_F(SteeringTest, AnotherPortOfTheServiceIsNotTouched) {
  attach();
  serve(info({listen("127.0.0.1")}));
  EXPECT_EQ(connect({service_.address, 81}), ENETUNREACH);
}

TEST_F(SteeringTest, APausedServicePortIsLeftToTheRelay) {
  attach();
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  steering_->pause(name_, true);
  EXPECT_EQ(connect(service_), ENETUNREACH);
  EXPECT_THAT(why_not(), HasSubstr("has not taken a connection"));
  serve(info({a, listen("127.0.0.2")}));
  EXPECT_EQ(connect(service_), ENETUNREACH) << "a change does not end the pause";
  steering_->pause(name_, false);
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, AnEndpointThatRefusesIsToldOfAtOnce) {
  attach();
  const Place a = listen("127.0.0.1");
  listeners_.clear();
  serve(info({a}));
  EXPECT_EQ(connect(service_), ECONNREFUSED);
  run_until_troubled();
  EXPECT_EQ(troubles_[0].name, name_);
  EXPECT_EQ(troubles_[0].endpoint, (Backend{.address = a.address, .port = a.port}));
  EXPECT_EQ(troubles_[0].error, ECONNREFUSED);
}

TEST_F(SteeringTest, WithoutCapPerfmonItSaysThatTheKernelRefuses) {
  const WithoutCapabilities fewer({CAP_PERFMON, CAP_SYS_ADMIN});
  try {
    attach();
    ADD_FAILURE() << "it steers";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the kernel refuses the programs: "));
  }
}

TEST_F(SteeringTest, AnEndpointThatIsSilentIsToldOfWithTheFirstSynThatIsSentAgain) {
  attach();
  // A full queue of connections drops every SYN.
  const Place a = listen("127.0.0.1");
  ASSERT_EQ(::listen(listeners_.at(a.port).get(), 0), 0);
  serve(info({a}));
  std::vector<UniqueFd> waiting;
  for (int count = 0; count < 3; ++count) {
    connect(service_, true, SOCK_NONBLOCK);
    waiting.push_back(std::move(socket_));
  }
  run_until_troubled();
  EXPECT_EQ(troubles_[0].endpoint.port, a.port);
  EXPECT_EQ(troubles_[0].error, 0);
}

TEST_F(SteeringTest, ConnectionsAreCounted) {
  attach();
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  UniqueFd server(::accept4(listeners_.at(a.port).get(), nullptr, nullptr, 0));
  ASSERT_EQ(::send(socket_.get(), "hello", 5, 0), 5);
  std::array<char, 8> text{};
  ASSERT_EQ(::recv(server.get(), text.data(), text.size(), 0), 5);
  ASSERT_EQ(::send(server.get(), "hi", 2, 0), 2);
  ASSERT_EQ(::recv(socket_.get(), text.data(), text.size(), 0), 2);
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1}));
  server.reset();
  ASSERT_EQ(::recv(socket_.get(), text.data(), text.size(), 0), 0);
  socket_.reset();
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1, .closed = 1, .bytes_to_endpoint = 5, .bytes_to_client = 2}));
}

TEST_F(SteeringTest, AClientThatGivesUpSaysNothingOfTheEndpoint) {
  attach();
  const Place a = listen("127.0.0.1");
  ASSERT_EQ(::listen(listeners_.at(a.port).get(), 0), 0);
  serve(info({a}));
  std::vector<UniqueFd> waiting;
  for (int count = 0; count < 3; ++count) {
    connect(service_, true, SOCK_NONBLOCK);
    waiting.push_back(std::move(socket_));
  }
  EXPECT_EQ(counters().dialled, 3U);
  waiting.clear();
  EXPECT_GT(counters().given_up, 0U);
  EXPECT_EQ(counters().failed, 0U);
  loop_.poll();
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(SteeringTest, ASocketThatIsConnectedElsewhereIsSteeredNoMore) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  sockaddr_in6 nobody{};
  nobody.sin6_family = AF_UNSPEC;
  ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&nobody), sizeof(nobody)), 0);
  const sockaddr_in6 other = v6_of(b);
  ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&other), sizeof(other)), 0);
  EXPECT_EQ(peer(), b);
  EXPECT_EQ(counters(), SteeredCounters{.dialled = 1});
  end_from_the_other_side(b);
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1, .given_up = 1})) << "bytes of the other one are none of ours";
}

TEST_F(SteeringTest, ASocketThatIsSteeredOnceMoreIsTwoConnections) {
  attach();
  serve(info({{ip("192.0.2.1"), 80}}));
  ASSERT_EQ(connect(service_), ENETUNREACH);
  EXPECT_EQ(counters(), SteeredCounters{.dialled = 1});
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  const sockaddr_in6 again = v6_of(service_);
  ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&again), sizeof(again)), 0);
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 2, .given_up = 1}));
  end_from_the_other_side(a);
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 2, .given_up = 1, .closed = 1, .bytes_to_client = 2}));
  loop_.poll();
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(SteeringTest, AConnectionThatIsResetHasNotFailed) {
  attach();
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  UniqueFd server(::accept4(listeners_.at(a.port).get(), nullptr, nullptr, 0));
  ASSERT_EQ(::send(socket_.get(), "hello", 5, 0), 5);
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(server.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
  server.reset();
  EXPECT_EQ(counters(), SteeredCounters{.dialled = 1});
  socket_.reset();
  EXPECT_EQ(counters(), (SteeredCounters{.dialled = 1, .closed = 1, .bytes_to_endpoint = 5}));
  loop_.poll();
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(SteeringTest, WhatIsRememberedOfASocketGoesWithIt) {
  SteeringOptions options;
  options.most_connections = 2;
  attach(options);
  come_and_go();
  serve(info({listen("127.0.0.2")}));
  const auto held = connect_as_many_as_fit();
  EXPECT_EQ(held.size(), 2U) << "the rest is left to the relay";
  EXPECT_EQ(counters().dialled, 42U);
}

// The first one has the only slot.
TEST_F(SteeringTest, WhatIsRememberedOfASocketWhoseSlotAnotherHasGoesWithIt) {
  SteeringOptions options;
  options.most_connections = 2;
  attach(options);
  serve(info({listen("127.0.0.2")}));
  ASSERT_EQ(connect(service_), 0);
  UniqueFd first = std::move(socket_);
  come_and_go();
  const Place b = listen("127.0.0.3");
  serve(info({b}));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(peer(), service_);
  std::swap(first, socket_);
  EXPECT_EQ(peer(), service_);
  std::swap(first, socket_);
  EXPECT_EQ(counters().open(), 2U);
  EXPECT_EQ(arrived(b), 1U);
  socket_.reset();
  EXPECT_EQ(connect_as_many_as_fit().size(), 1U);
}

TEST_F(SteeringTest, ASocketThatIsConnectedAgainMayFindItsSlotFree) {
  SteeringOptions options;
  options.most_connections = 2;
  attach(options);
  const Place a = listen("127.0.0.2");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  UniqueFd first = std::move(socket_);
  serve(info({{ip("192.0.2.1"), 80}}));
  ASSERT_EQ(connect(service_), ENETUNREACH);
  EXPECT_EQ(arrived(a), 1U);
  first.reset();
  serve(info({a}));
  const sockaddr_in6 again = v6_of(service_);
  ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&again), sizeof(again)), 0);
  EXPECT_EQ(peer(), service_);
  EXPECT_EQ(arrived(a), 1U);
  socket_.reset();
  EXPECT_EQ(connect_as_many_as_fit().size(), 2U);
}

TEST_F(SteeringTest, EveryEndpointHasItsShareAfterEachChange) {
  attach();
  std::vector<Place> places;
  for (int count = 0; count < 6; ++count) places.push_back(listen("127.0.0.1"));
  const auto expect_shares = [&](const std::vector<Place>& used) {
    serve(info(used));
    for (std::size_t count = 0; count < 2 * used.size(); ++count) ASSERT_EQ(connect(service_), 0);
    for (const Place& place : places) {
      const bool is_used = std::find(used.begin(), used.end(), place) != used.end();
      EXPECT_EQ(arrived(place), is_used ? 2U : 0U) << place.port;
    }
  };
  expect_shares({places[0], places[1], places[2]});
  expect_shares({places[1], places[2], places[3], places[4]});
  expect_shares({places[0]});
  expect_shares(places);
  expect_shares({places[5], places[0]});
  const auto maps = steering_->snapshot().maps;
  EXPECT_EQ(maps[1].name, "endpoints");
  EXPECT_EQ(maps[1].entries, 2U);
}

TEST_F(SteeringTest, AClientKeepsItsEndpointWhileItIsThere) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  const Place c = listen("127.0.0.3");
  const auto with_affinity = [this](const std::vector<Place>& endpoints) {
    const auto made = info(endpoints);
    made->session_affinity = config::SessionAffinity::kClientIp;
    return made;
  };
  serve(with_affinity({a, b, c}));
  for (int count = 0; count < 6; ++count) ASSERT_EQ(connect(service_), 0);
  const std::map<std::uint16_t, std::size_t> came{{a.port, arrived(a)}, {b.port, arrived(b)}, {c.port, arrived(c)}};
  const auto chosen = std::find_if(came.begin(), came.end(), [](const auto& one) { return one.second == 6; });
  ASSERT_NE(chosen, came.end()) << "all six go to one";
  // Where it stands in the list does not matter.
  std::vector<Place> kept;
  for (const Place& place : {a, b, c}) {
    if (place.port == chosen->first) kept.push_back(place);
  }
  const Place late = listen("127.0.0.4");
  serve(with_affinity({late, kept[0]}));
  for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(kept[0]), 4U);
  serve(with_affinity({late}));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(late), 1U);
  serve(info({late, kept[0]}));
  for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(late), 2U) << "without affinity they take turns";
}

TEST_F(SteeringTest, TwoServicePortsOfOneAddressAreLeftToTheRelay) {
  attach();
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  const auto other = info({a});
  other->name.service.name = "other";
  steering_->apply({ServicePortChange{other->name, nullptr, other}});
  EXPECT_EQ(connect(service_), ENETUNREACH);
  EXPECT_THAT(why_not(), HasSubstr("another service port has its address"));
  steering_->apply({ServicePortChange{other->name, other, nullptr}});
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, CountersOfARemovedServicePortStayInTheTotals) {
  attach();
  const Place a = listen("127.0.0.1");
  for (int count = 0; count < 3; ++count) {
    serve(info({a}));
    EXPECT_EQ(counters().dialled, 0U);
    ASSERT_EQ(connect(service_), 0);
    EXPECT_EQ(counters().dialled, 1U);
    serve(nullptr);
    const std::uint64_t made = count + 1;
    EXPECT_EQ(steering_->totals().dialled, made);
    EXPECT_EQ(steering_->totals().open(), 1U);
    UniqueFd server(::accept4(listeners_.at(a.port).get(), nullptr, nullptr, 0));
    server.reset();
    socket_.reset();
    EXPECT_EQ(steering_->totals().open(), 0U);
  }
}

TEST_F(SteeringTest, WhatThereIsNoRoomForIsLeftToTheRelay) {
  SteeringOptions options;
  options.most_endpoints = 1;
  attach(options);
  serve(info({listen("127.0.0.1"), listen("127.0.0.2")}));
  EXPECT_THAT(why_not(), HasSubstr("no room"));
  EXPECT_EQ(connect(service_), ENETUNREACH);
}

TEST_F(SteeringTest, AMapThatIsNearlyFullIsWarnedOfOnce) {
  std::ostringstream said;
  SteeringOptions options;
  options.cgroup = own_->path();
  options.most_endpoints = 4;
  const auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(said);
  steering_ = Steering::attach(
      loop_.get_executor(), options, {}, [](const SteeringTrouble&) {}, std::make_shared<spdlog::logger>("t", sink));
  serve(info({listen("127.0.0.1")}));
  steering_->snapshot();
  EXPECT_EQ(said.str(), "");
  serve(info({listen("127.0.0.1"), listen("127.0.0.2"), listen("127.0.0.3"), listen("127.0.0.4")}));
  steering_->snapshot();
  EXPECT_THAT(said.str(), HasSubstr("the steering map of endpoints holds 4 entries of 4"));
  said.str("");
  steering_->snapshot();
  EXPECT_EQ(said.str(), "");
}

TEST_F(SteeringTest, WhatThereWasNoRoomForIsSteeredWhenSomeComes) {
  SteeringOptions options;
  options.most_endpoints = 2;
  attach(options);
  const Place a = listen("127.0.0.1");
  const auto other = info({listen("127.0.0.2"), listen("127.0.0.3")});
  other->name.service.name = "other";
  other->cluster_ips = {ip("10.96.0.11")};
  steering_->apply({ServicePortChange{other->name, nullptr, other}});
  serve(info({a}));
  EXPECT_THAT(why_not(), HasSubstr("no room"));
  steering_->apply({ServicePortChange{other->name, other, nullptr}});
  EXPECT_EQ(why_not(), "");
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, NothingIsToldOfAnEndpointThatHasGone) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  const Place late = listen("127.0.0.3");
  ASSERT_EQ(::listen(listeners_.at(a.port).get(), 0), 0);
  serve(info({a}));
  std::vector<UniqueFd> waiting;
  for (int count = 0; count < 3; ++count) {
    connect(service_, true, SOCK_NONBLOCK);
    waiting.push_back(std::move(socket_));
  }
  listeners_.erase(late.port);
  serve(info({b, late}));
  // By then the SYNs to the one before were sent again, too.
  while (troubles_.empty() || counters().dialled < 40) {
    connect(service_, true, SOCK_NONBLOCK);
    if (loop_.run_one_for(std::chrono::milliseconds(50)) == 0) loop_.restart();
  }
  for (const SteeringTrouble& trouble : troubles_) EXPECT_EQ(trouble.endpoint.port, late.port);
}

TEST_F(SteeringTest, ProcessesOutsideOfTheGroupAreNotSteered) {
  attach();
  serve(info({listen("127.0.0.1")}));
  testing::OwnControlGroup::move_to(own_->root());
  EXPECT_EQ(connect(service_), ENETUNREACH);
  testing::OwnControlGroup::move_to(own_->path());
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, NothingIsSteeredOnceItIsGone) {
  attach();
  serve(info({listen("127.0.0.1")}));
  steering_.reset();
  EXPECT_EQ(connect(service_), ENETUNREACH);
}

TEST_F(SteeringTest, SteeringGoesOnWithoutAProcessWhereItIsPinned) {
  const Place a = listen("127.0.0.1");
  attach(pinned(), {info({a})});
  steering_.reset();
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(peer(), service_);
  EXPECT_EQ(arrived(a), 1U);
  EXPECT_TRUE(remove_pins(pins()));
  EXPECT_EQ(connect(service_), ENETUNREACH);
  EXPECT_FALSE(remove_pins(pins())) << "nothing is left there";
}

TEST_F(SteeringTest, TheNextProcessGoesOnWithWhatItFinds) {
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  const Place c = listen("127.0.0.3");
  attach(pinned(), {info({a, b})});
  ASSERT_EQ(connect(service_), 0);
  UniqueFd held = std::move(socket_);
  steering_.reset();
  attach(pinned(), {info({b, c})});
  EXPECT_EQ(counters().dialled, 1U) << "what was counted counts";
  EXPECT_EQ(counters().open(), 1U);
  socket_ = std::move(held);
  EXPECT_EQ(peer(), service_) << "of a connection made before, too";
  arrived(a), arrived(b);
  for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(a), 0U);
  EXPECT_EQ(arrived(b), 2U);
  EXPECT_EQ(arrived(c), 2U);
  EXPECT_EQ(steering_->snapshot().maps[1].entries, 2U);
}

TEST_F(SteeringTest, WhatIsGoneWhenTheNextProcessComesIsSteeredNoMore) {
  const Place a = listen("127.0.0.1");
  attach(pinned(), {info({a})});
  steering_.reset();
  const auto other = info({a});
  other->name.service.name = "other";
  other->cluster_ips = {ip("10.96.0.11")};
  attach(pinned(), {other});
  EXPECT_EQ(connect(service_), ENETUNREACH);
  EXPECT_EQ(connect({ip("10.96.0.11"), kPort}), 0);
}

TEST_F(SteeringTest, MapsOfOtherSizesTakeOverWhatIsThere) {
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  attach(pinned(), {info({a, b})});
  ASSERT_EQ(connect(service_), 0);
  const UniqueFd held = std::move(socket_);
  steering_.reset();
  SteeringOptions options = pinned();
  options.most_service_ports = 64;
  options.most_endpoints = 64;
  options.most_affinities = 64;
  options.most_connections = 64;
  attach(options, {info({a, b})});
  EXPECT_EQ(counters().dialled, 1U);
  arrived(a), arrived(b);
  for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(a), 2U);
  EXPECT_EQ(arrived(b), 2U);
  steering_.reset();
  attach(options, {info({b})});
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(b), 1U);
  EXPECT_EQ(counters().dialled, 6U);
}

// More and less slots, and more and less of those whose slot another has.
TEST_F(SteeringTest, MapsOfOtherSizesGoOnRememberingTheSockets) {
  SteeringOptions options = pinned();
  const Place a = listen("127.0.0.1");
  const auto service = info({a});
  std::vector<UniqueFd> held;
  for (const std::size_t most : {16U, 64U, 8U, 9U}) {
    options.most_connections = most;
    steering_.reset();
    attach(options, {service});
    if (held.empty()) held = connect_as_many_as_fit(6);
    ASSERT_EQ(held.size(), 6U);
    EXPECT_EQ(counters().open(), 6U);
    for (UniqueFd& one : held) {
      std::swap(one, socket_);
      EXPECT_EQ(peer(), service_) << most;
      std::swap(one, socket_);
    }
  }
  EXPECT_EQ(arrived(a), 6U);
  held.clear();
  EXPECT_EQ(counters().closed, 6U) << "one process's programs hear of each";
  EXPECT_EQ(connect_as_many_as_fit(9).size(), 9U);
}

TEST_F(SteeringTest, PinsOfAnotherVersionGo) {
  attach(pinned());
  const std::string now = pins() + "/services-" + std::to_string(FERRY_STEERING_LAYOUT);
  const std::string old = pins() + "/services-0";
  std::filesystem::rename(now, old);
  steering_.reset();
  attach(pinned(), {info({listen("127.0.0.1")})});
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_TRUE(std::filesystem::exists(now));
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, AffinitiesOutliveTheProcess) {
  std::vector<Place> places;
  for (int count = 0; count < 8; ++count) places.push_back(listen("127.0.0.1"));
  const auto sticky = info(places);
  sticky->session_affinity = config::SessionAffinity::kClientIp;
  attach(pinned(), {sticky});
  for (int process = 0; process < 2; ++process) {
    for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
    steering_.reset();
    attach(pinned(), {sticky});
  }
  std::vector<std::size_t> came;
  for (const Place& place : places) came.push_back(arrived(place));
  EXPECT_EQ(*std::max_element(came.begin(), came.end()), 8U);
}

TEST_F(SteeringTest, AProcessWhosePlaceWasTakenWritesNothingAnyMore) {
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  attach(pinned(), {info({a})});
  const auto next = attached(pinned(), {info({a})});
  serve(info({b}));
  EXPECT_THAT(steering_->why_not(), HasSubstr("another kube-ferry"));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(a), 1U);
  EXPECT_EQ(next->why_not(), "");
}

TEST_F(SteeringTest, AnotherControlGroupTakesThePlaceOfTheOneBefore) {
  const Place a = listen("127.0.0.1");
  attach(pinned(), {info({a})});
  steering_.reset();
  const std::string other = own_->path() + "/other";
  ASSERT_EQ(::mkdir(other.c_str(), 0755), 0);
  SteeringOptions options = pinned();
  options.cgroup = other;
  steering_ = Steering::attach(
      loop_.get_executor(), options, {info({a})}, [](const SteeringTrouble&) {}, spdlog::default_logger());
  EXPECT_EQ(connect(service_), ENETUNREACH);
  testing::OwnControlGroup::move_to(other);
  EXPECT_EQ(connect(service_), 0);
  testing::OwnControlGroup::move_to(own_->path());
  steering_.reset();
  remove_pins(pins());
  EXPECT_EQ(::rmdir(other.c_str()), 0);
}

TEST_F(SteeringTest, APinPathThatCannotBeIsRefused) {
  SteeringOptions options;
  options.pin_path = "/tmp/kube-ferry";
  try {
    attach(options);
    FAIL() << "pinned in /tmp";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "/tmp is in no BPF file system");
  }
}

TEST_F(SteeringTest, AFolderThatIsNoControlGroupIsRefused) {
  SteeringOptions options;
  options.cgroup = "/tmp";
  try {
    Steering::attach(
        loop_.get_executor(), options, {}, [](const SteeringTrouble&) {}, spdlog::default_logger());
    FAIL() << "attached to /tmp";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "/tmp is no control group of version 2");
  }
}

}  // namespace
}  // namespace ferry::proxy
