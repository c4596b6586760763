#include "proxy/host/host_addresses.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "proxy/host/reply_device.h"
#include "proxy/relay/socket_address.h"

namespace ferry::proxy {

namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// The caller's to close.
int open_news() {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  sockaddr_nl group{};
  group.nl_family = AF_NETLINK;
  group.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&group), sizeof(group)) != 0) {
    fail("cannot follow the host's addresses");
  }
  return fd;
}

std::optional<config::IpAddress> address_of(const sockaddr& socket_address) {
  sockaddr_storage storage{};
  if (socket_address.sa_family == AF_INET) {
    std::memcpy(&storage, &socket_address, sizeof(sockaddr_in));
  } else if (socket_address.sa_family == AF_INET6) {
    std::memcpy(&storage, &socket_address, sizeof(sockaddr_in6));
  }
  return proxy::address_of(storage);
}

/// IPv6 addresses of which the kernel does not know yet that nobody else has them (RFC 4862, 5.4). It does not let
/// anything be sent from them, and tells when it knows.
std::set<config::IpAddress> tentative_addresses() {
  // Lines of 32 hexadecimal digits, the interface's index, prefix length, scope, flags, and the interface's name.
  std::ifstream table("/proc/thread-self/net/if_inet6");
  std::set<config::IpAddress> found;
  std::string digits;
  std::string index;
  std::string length;
  std::string scope;
  std::string name;
  unsigned flags = 0;
  while (table >> digits >> index >> length >> scope >> std::hex >> flags >> name) {
    if ((flags & IFA_F_TENTATIVE) == 0 || digits.size() != 32) continue;
    std::string text;
    for (std::size_t at = 0; at < digits.size(); at += 4) text += (at > 0 ? ":" : "") + digits.substr(at, 4);
    if (const auto address = config::IpAddress::parse(text)) found.insert(*address);
  }
  return found;
}

}  // namespace

std::vector<config::IpAddress> read_host_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    fail("cannot read the host's addresses");
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  const std::set<config::IpAddress> tentative = tentative_addresses();
  std::vector<config::IpAddress> addresses;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    // An address of ReplyDevice is not the host's own.
    if (entry->ifa_addr == nullptr || std::string_view(entry->ifa_name) == ReplyDevice::kName) continue;
    const std::optional<config::IpAddress> address = address_of(*entry->ifa_addr);
    if (!address || tentative.contains(*address)) continue;
    if (address->is_v4() || !address->is_link_local()) addresses.push_back(*address);
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

HostAddresses::HostAddresses(const boost::asio::any_io_executor& executor, Changed changed)
    : changed_(std::move(changed)), news_(executor, open_news()), addresses_(read_host_addresses()) {
  wait();
}

void HostAddresses::stop() {
  boost::system::error_code ignored;
  news_.close(ignored);
}

void HostAddresses::wait() {
  news_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error.failed()) return;
    read();
    wait();
  });
}

void HostAddresses::read() {
  // What the messages say does not matter, nor that some were lost (ENOBUFS): the list is read whole.
  std::array<char, 8192> message;
  ssize_t size = 0;
  do {
    size = ::recv(news_.native_handle(), message.data(), message.size(), MSG_DONTWAIT);
  } while (size > 0 || (size < 0 && (errno == ENOBUFS || errno == EINTR)));
  std::vector<config::IpAddress> now = read_host_addresses();
  if (now == addresses_) return;
  addresses_ = std::move(now);
  changed_(addresses_);
}

}  // namespace ferry::proxy
