#include "proxy/handover/kept_sockets.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/notify_socket.h"

namespace ferry::proxy {
namespace {

using ferry::testing::NotifySocket;

ReceivedFd received(const std::string& name) { return {UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), name}; }

ListenAddress at(const std::string& address, std::uint16_t port, config::Protocol protocol) {
  return {config::IpAddress::parse(address).value(), port, protocol};
}

/// The name under which a socket for the address is kept.
std::string name_of(const ListenAddress& address) {
  const NotifySocket systemd;
  const ServiceManager manager(systemd.address());
  KeptSockets kept(manager, {});
  kept.keep(address, 0);
  const std::string text = systemd.receive().text;
  const std::size_t name = text.find("FDNAME=") + 7;
  return text.substr(name, text.find('\n', name) - name);
}

TEST(KeptSockets, ComeBackWithTheAddressesTheyWereOpenFor) {
  for (const ListenAddress& address :
       {at("10.96.0.1", 443, config::Protocol::kTcp), at("255.0.0.254", 65535, config::Protocol::kUdp),
        at("fd00::a:0:1", 53, config::Protocol::kUdp), at("::1", 1, config::Protocol::kTcp)}) {
    std::vector<ReceivedFd> all;
    all.push_back(received(name_of(address)));
    const KeptSockets::Left left = KeptSockets::sort_out(std::move(all));
    ASSERT_EQ(left.inheritance.sockets.size(), 1U) << to_string(address);
    EXPECT_EQ(left.inheritance.sockets[0].at, address);
    EXPECT_EQ(left.inheritance.capture, "bind");
  }
}

TEST(KeptSockets, NoneIsNothingLeft) { EXPECT_TRUE(KeptSockets::sort_out({}).empty()); }

TEST(KeptSockets, WhatIsNotOursIsLeftAlone) {
  std::vector<ReceivedFd> all;
  for (const char* name :
       {"", "unknown", "address-", "address-TCP-0a600001", "address-TCP-0a6000zz-80", "address-ICMP-0a600001-80",
        "address-TCP-0a600001-99999", "address-TCP-0a600001-80x", "address-TCP-0a60-80"}) {
    all.push_back(received(name));
  }
  EXPECT_TRUE(KeptSockets::sort_out(std::move(all)).empty());
}

TEST(KeptSockets, TheLinkSaysHowConnectionsCame) {
  std::vector<ReceivedFd> all;
  for (const char* name : {"listener", "link", "page", "page"}) all.push_back(received(name));
  const KeptSockets::Left left = KeptSockets::sort_out(std::move(all));
  EXPECT_EQ(left.inheritance.capture, "sk_lookup");
  EXPECT_EQ(left.inheritance.sockets.size(), 2U);
  EXPECT_EQ(left.pages.size(), 2U);
}

TEST(KeptSockets, WhatWasLeftAndNobodyKeepsIsForgotten) {
  const ListenAddress first = at("10.96.0.1", 80, config::Protocol::kTcp);
  const ListenAddress second = at("10.96.0.2", 80, config::Protocol::kTcp);
  const std::string second_name = name_of(second);
  KeptSockets::Left left;
  left.inheritance.sockets.push_back({HandedSocket::Kind::kAddress, first, UniqueFd()});
  left.inheritance.sockets.push_back({HandedSocket::Kind::kAddress, second, UniqueFd()});
  const NotifySocket systemd;
  const ServiceManager manager(systemd.address());
  KeptSockets kept(manager, left);
  kept.keep(first, 0);
  kept.keep_all({}, {});
  const std::vector<std::string> told = systemd.take();
  ASSERT_FALSE(told.empty());
  EXPECT_THAT(told.back(), ::testing::HasSubstr(second_name));
  EXPECT_THAT(told.back(), ::testing::HasSubstr("FDSTOREREMOVE=1"));
  for (const std::string& each : told) EXPECT_THAT(each, ::testing::Not(::testing::HasSubstr(name_of(first))));
}

}  // namespace
}  // namespace ferry::proxy
