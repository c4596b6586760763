#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string_view>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "config/ip_address.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// AF_INET or AF_INET6.
unsigned char domain_of(config::AddressFamily family);
/// Of an address in netlink's messages: 4 or 16.
std::size_t size_of(const config::IpAddress& address);

/// One request of rtnetlink(7), whose `Body` is rtmsg, fib_rule_hdr or the like, with room for what is asked here.
template <class Body>
struct RouteRequest {
  nlmsghdr header{};
  Body body{};
  std::array<char, 192> attributes{};

  RouteRequest(std::uint16_t type, int flags) {
    header.nlmsg_len = NLMSG_LENGTH(sizeof(Body));
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }

  void add(std::uint16_t type, const void* data, std::size_t size) {
    const std::size_t used = NLMSG_ALIGN(header.nlmsg_len) - NLMSG_LENGTH(sizeof(Body));
    rtattr attribute{};
    attribute.rta_type = type;
    attribute.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size));
    std::memcpy(attributes.data() + used, &attribute, sizeof(attribute));
    std::memcpy(attributes.data() + used + RTA_LENGTH(0), data, size);
    header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof(Body)) + used + RTA_ALIGN(attribute.rta_len));
  }
  void add(std::uint16_t type, const config::IpAddress& address) {
    add(type, address.bytes().data(), size_of(address));
  }
  template <class Value>
  void add_value(std::uint16_t type, Value value) {
    add(type, &value, sizeof(value));
  }
};

/// One message or attribute of netlink's: a header, and what it is about.
template <class Header>
struct RoutePiece {
  Header header{};
  std::string_view payload;
};

using RouteMessage = RoutePiece<nlmsghdr>;
using RouteAttribute = RoutePiece<rtattr>;

/// Cuts the first attribute off; none when what is left is no whole one.
std::optional<RouteAttribute> cut_attribute(std::string_view& bytes);

/// The value at the beginning; none when there are too few bytes.
template <class Value>
std::optional<Value> read_value(std::string_view bytes) {
  Value value{};
  if (bytes.size() < sizeof(value)) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

/// The address in an attribute.
config::IpAddress read_address(std::string_view bytes, unsigned char domain);

/// A conversation with the kernel's routing. Errors are errnos, of the socket's opening too.
class RouteSocket {
 public:
  RouteSocket();

  /// 0, or an errno. `hear` is called for each message of the answer. The request needs NLM_F_ACK or NLM_F_DUMP.
  template <class Body>
  int ask(const RouteRequest<Body>& request, const std::function<void(const RouteMessage&)>& hear = {}) {
    const int error = send(&request, request.header.nlmsg_len);
    return error != 0 ? error : hear_all(hear);
  }

  /// The one route that is the answer, as its body; none when there is none.
  std::optional<rtmsg> ask_for_route(const RouteRequest<rtmsg>& request);

 private:
  int send(const void* request, std::size_t size);
  int receive();
  int hear_all(const std::function<void(const RouteMessage&)>& hear);

  UniqueFd fd_;
  std::array<char, 32768> buffer_;
  std::string_view answer_;
};

}  // namespace ferry::proxy
