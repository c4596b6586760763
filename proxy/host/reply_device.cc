#include "proxy/host/reply_device.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>

#include "proxy/host/route_socket.h"

namespace ferry::proxy {

namespace {

using config::IpAddress;

unsigned device_index() { return ::if_nametoindex(ReplyDevice::kName); }

/// Kinds of device that need no other one. Kernels have them as modules: not every one has each.
constexpr std::array<std::string_view, 2> kKinds{"dummy", "bridge"};

int make_device(RouteSocket& socket) {
  int error = 0;
  for (const std::string_view kind : kKinds) {
    RouteRequest<ifinfomsg> request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    request.add(IFLA_IFNAME, ReplyDevice::kName, std::strlen(ReplyDevice::kName) + 1);
    std::array<char, 64> info{};
    rtattr header{};
    header.rta_type = IFLA_INFO_KIND;
    header.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(kind.size()));
    std::memcpy(info.data(), &header, sizeof(header));
    std::memcpy(info.data() + RTA_LENGTH(0), kind.data(), kind.size());
    request.add(IFLA_LINKINFO, info.data(), header.rta_len);
    error = socket.ask(request);
    if (error != EOPNOTSUPP) break;
  }
  return error == EEXIST ? 0 : error;
}

RouteRequest<ifaddrmsg> address_request(std::uint16_t type, int flags, const IpAddress& address) {
  RouteRequest<ifaddrmsg> request(type, NLM_F_ACK | flags);
  request.body.ifa_family = domain_of(address.family());
  request.body.ifa_prefixlen = static_cast<unsigned char>(8 * size_of(address));
  request.body.ifa_scope = RT_SCOPE_HOST;
  request.body.ifa_index = device_index();
  request.add(IFA_LOCAL, address);
  request.add(IFA_ADDRESS, address);
  return request;
}

/// The kernel makes it with the address: everything that is sent to it would be delivered to this host.
int remove_local_route(RouteSocket& socket, const IpAddress& address) {
  RouteRequest<rtmsg> request(RTM_DELROUTE, NLM_F_ACK);
  request.body.rtm_family = domain_of(address.family());
  request.body.rtm_dst_len = static_cast<unsigned char>(8 * size_of(address));
  request.body.rtm_table = RT_TABLE_LOCAL;
  request.body.rtm_type = RTN_LOCAL;
  request.body.rtm_scope = RT_SCOPE_NOWHERE;
  request.add(RTA_DST, address);
  request.add_value(RTA_OIF, static_cast<std::uint32_t>(device_index()));
  const int error = socket.ask(request);
  return error == ESRCH ? 0 : error;
}

}  // namespace

int ReplyDevice::add(const IpAddress& address) {
  if (!address.is_v4()) return 0;
  RouteSocket socket;
  if (device_index() == 0) {
    if (const int error = make_device(socket); error != 0) return error;
  }
  if (const int error = socket.ask(address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address)); error != 0) {
    return error == EEXIST ? 0 : error;
  }
  const int error = remove_local_route(socket, address);
  if (error != 0) static_cast<void>(remove(address));
  return error;
}

int ReplyDevice::remove(const IpAddress& address) {
  if (!address.is_v4() || device_index() == 0) return 0;
  RouteSocket socket;
  const int error = socket.ask(address_request(RTM_DELADDR, 0, address));
  return error == EADDRNOTAVAIL ? 0 : error;
}

std::vector<IpAddress> ReplyDevice::list() {
  std::vector<IpAddress> addresses;
  const unsigned device = device_index();
  if (device == 0) return addresses;
  RouteSocket socket;
  RouteRequest<ifaddrmsg> request(RTM_GETADDR, NLM_F_DUMP);
  request.body.ifa_family = AF_INET;
  const int error = socket.ask(request, [&](const RouteMessage& message) {
    const auto about = read_value<ifaddrmsg>(message.payload);
    if (message.header.nlmsg_type != RTM_NEWADDR || !about || about->ifa_index != device) return;
    std::string_view attributes = message.payload.substr(NLMSG_ALIGN(sizeof(ifaddrmsg)));
    while (const auto attribute = cut_attribute(attributes)) {
      if (attribute->header.rta_type == IFA_LOCAL) addresses.push_back(read_address(attribute->payload, AF_INET));
    }
  });
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "cannot read the addresses of kube-ferry0");
  }
  return addresses;
}

int ReplyDevice::remove_all() {
  const unsigned device = device_index();
  if (device == 0) return 0;
  RouteSocket socket;
  RouteRequest<ifinfomsg> request(RTM_DELLINK, NLM_F_ACK);
  request.body.ifi_index = static_cast<int>(device);
  return socket.ask(request);
}

}  // namespace ferry::proxy
