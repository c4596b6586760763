#include "proxy/host/local_routes.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <system_error>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

namespace {

using config::AddressFamily;
using config::IpAddress;
using config::IpPrefix;

std::size_t size_of(const IpAddress& address) { return address.is_v4() ? 4 : 16; }

/// One request of rtnetlink about routes, with room for what is asked here.
struct RouteRequest {
  nlmsghdr header{};
  rtmsg route{};
  std::array<char, 128> attributes{};

  RouteRequest(std::uint16_t type, int flags, AddressFamily family) {
    header.nlmsg_len = NLMSG_LENGTH(sizeof(rtmsg));
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    route.rtm_family = family == AddressFamily::kIpv4 ? AF_INET : AF_INET6;
    route.rtm_table = RT_TABLE_LOCAL;
    route.rtm_protocol = LocalRoutes::kProtocol;
    route.rtm_scope = RT_SCOPE_HOST;
    route.rtm_type = RTN_LOCAL;
  }

  void add(std::uint16_t type, const void* data, std::size_t size) {
    const std::size_t used = NLMSG_ALIGN(header.nlmsg_len) - NLMSG_LENGTH(sizeof(rtmsg));
    rtattr attribute{};
    attribute.rta_type = type;
    attribute.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size));
    std::memcpy(attributes.data() + used, &attribute, sizeof(attribute));
    std::memcpy(attributes.data() + used + RTA_LENGTH(0), data, size);
    header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof(rtmsg)) + used + RTA_ALIGN(attribute.rta_len));
  }
  void add(std::uint16_t type, const IpAddress& address) { add(type, address.bytes().data(), size_of(address)); }
};

/// A conversation with the kernel's routing.
class RouteSocket {
 public:
  RouteSocket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {}

  /// The type of the one route that is the answer; RTN_UNSPEC when there is none.
  unsigned char ask_for_route(const RouteRequest& request) {
    if (!fd_ || ::send(fd_.get(), &request, request.header.nlmsg_len, 0) < 0) return RTN_UNSPEC;
    alignas(nlmsghdr) std::array<char, 4096> answer;
    const ssize_t size = ::recv(fd_.get(), answer.data(), answer.size(), 0);
    const auto* message = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(rtmsg))) || message->nlmsg_type != RTM_NEWROUTE) {
      return RTN_UNSPEC;
    }
    return static_cast<const rtmsg*>(NLMSG_DATA(message))->rtm_type;
  }

  /// 0, or an errno. `hear` is called for each route of the answer.
  int ask(const RouteRequest& request, const std::function<void(const nlmsghdr&)>& hear = {}) {
    if (!fd_ || ::send(fd_.get(), &request, request.header.nlmsg_len, 0) < 0) return errno;
    alignas(nlmsghdr) std::array<char, 32768> answer;
    while (true) {
      const ssize_t size = ::recv(fd_.get(), answer.data(), answer.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return size < 0 ? errno : EPROTO;
      auto left = static_cast<std::size_t>(size);
      for (auto* message = reinterpret_cast<nlmsghdr*>(answer.data()); NLMSG_OK(message, left);
           message = NLMSG_NEXT(message, left)) {
        if (message->nlmsg_type == NLMSG_DONE) return 0;
        if (message->nlmsg_type == NLMSG_ERROR) return -static_cast<nlmsgerr*>(NLMSG_DATA(message))->error;
        if (hear) hear(*message);
      }
    }
  }

 private:
  UniqueFd fd_;
};

/// The range of a route of ours; none for another's.
std::optional<IpPrefix> own_range(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWROUTE) return std::nullopt;
  const auto& route = *static_cast<const rtmsg*>(NLMSG_DATA(&message));
  if (route.rtm_protocol != LocalRoutes::kProtocol || route.rtm_table != RT_TABLE_LOCAL ||
      route.rtm_type != RTN_LOCAL) {
    return std::nullopt;
  }
  auto left = static_cast<std::size_t>(RTM_PAYLOAD(&message));
  for (const auto* attribute = RTM_RTA(&route); RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type != RTA_DST) continue;
    IpAddress::Bytes bytes{};
    std::memcpy(bytes.data(), RTA_DATA(attribute), std::min<std::size_t>(RTA_PAYLOAD(attribute), bytes.size()));
    const IpAddress address = route.rtm_family == AF_INET
                                  ? IpAddress::from_v4_bytes({bytes[0], bytes[1], bytes[2], bytes[3]})
                                  : IpAddress::from_v6_bytes(bytes);
    return IpPrefix::of(address, route.rtm_dst_len);
  }
  return std::nullopt;
}

/// Whether this host is where the route to the address ends. What the kernel does not tell counts as no.
bool is_local(RouteSocket& socket, const IpAddress& address) {
  RouteRequest request(RTM_GETROUTE, 0, address.family());
  request.route = {.rtm_family = request.route.rtm_family,
                   .rtm_dst_len = static_cast<unsigned char>(8 * size_of(address)),
                   .rtm_src_len = 0,
                   .rtm_tos = 0,
                   .rtm_table = 0,
                   .rtm_protocol = 0,
                   .rtm_scope = 0,
                   .rtm_type = 0,
                   .rtm_flags = 0};
  request.add(RTA_DST, address);
  return socket.ask_for_route(request) == RTN_LOCAL;
}

RouteRequest request_for(std::uint16_t type, int flags, const IpPrefix& range) {
  RouteRequest request(type, flags, range.address().family());
  request.route.rtm_dst_len = static_cast<unsigned char>(range.length());
  request.add(RTA_DST, range.address());
  const std::uint32_t loopback = ::if_nametoindex("lo");
  request.add(RTA_OIF, &loopback, sizeof(loopback));
  return request;
}

}  // namespace

std::vector<LocalRoutes::Failure> LocalRoutes::add(const std::vector<IpPrefix>& ranges,
                                                   const std::vector<IpAddress>& sources) {
  std::vector<Failure> failures;
  RouteSocket socket;
  for (const IpPrefix& range : ranges) {
    if (range.address().is_loopback()) continue;
    const std::vector<IpPrefix> ours = list();
    const bool is_ours = std::find(ours.begin(), ours.end(), range) != ours.end();
    RouteRequest request =
        request_for(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | (is_ours ? NLM_F_REPLACE : NLM_F_EXCL), range);
    const auto source = std::find_if(sources.begin(), sources.end(), [&](const IpAddress& address) {
      return address.family() == range.address().family();
    });
    if (source != sources.end()) request.add(RTA_PREFSRC, *source);
    const int error = socket.ask(request);
    if (error == 0 || error == EEXIST || (error == EPERM && is_local(socket, range.address()))) continue;
    failures.push_back({range, error});
  }
  return failures;
}

std::vector<IpPrefix> LocalRoutes::list() {
  std::vector<IpPrefix> ranges;
  RouteSocket socket;
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    const RouteRequest request(RTM_GETROUTE, NLM_F_DUMP, family);
    const int error = socket.ask(request, [&ranges](const nlmsghdr& message) {
      if (const auto range = own_range(message)) ranges.push_back(*range);
    });
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot read the routes");
  }
  return ranges;
}

std::size_t LocalRoutes::remove_all() {
  const std::vector<IpPrefix> ranges = list();
  RouteSocket socket;
  for (const IpPrefix& range : ranges) {
    const int error = socket.ask(request_for(RTM_DELROUTE, NLM_F_ACK, range));
    if (error != 0 && error != ESRCH) {
      throw std::system_error(error, std::generic_category(), "cannot take away the route of " + range.to_string());
    }
  }
  return ranges.size();
}

}  // namespace ferry::proxy
