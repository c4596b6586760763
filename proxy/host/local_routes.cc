#include "proxy/host/local_routes.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <optional>
#include <system_error>

#include <net/if.h>

#include "proxy/host/route_socket.h"

namespace ferry::proxy {

namespace {

using config::AddressFamily;
using config::IpAddress;
using config::IpPrefix;

using LocalRouteRequest = RouteRequest<rtmsg>;

LocalRouteRequest request_about_ours(std::uint16_t type, int flags, AddressFamily family) {
  LocalRouteRequest request(type, flags);
  request.body.rtm_family = domain_of(family);
  request.body.rtm_table = RT_TABLE_LOCAL;
  request.body.rtm_protocol = LocalRoutes::kProtocol;
  request.body.rtm_scope = RT_SCOPE_HOST;
  request.body.rtm_type = RTN_LOCAL;
  return request;
}

/// The range of a route of ours; none for another's.
std::optional<IpPrefix> own_range(const RouteMessage& message) {
  const auto route = message.header.nlmsg_type == RTM_NEWROUTE ? read_value<rtmsg>(message.payload) : std::nullopt;
  if (!route || route->rtm_protocol != LocalRoutes::kProtocol || route->rtm_table != RT_TABLE_LOCAL ||
      route->rtm_type != RTN_LOCAL) {
    return std::nullopt;
  }
  std::string_view attributes = message.payload.substr(sizeof(rtmsg));
  while (const auto attribute = cut_attribute(attributes)) {
    if (attribute->header.rta_type != RTA_DST) continue;
    return IpPrefix::of(read_address(attribute->payload, route->rtm_family), route->rtm_dst_len);
  }
  return std::nullopt;
}

/// Whether this host is where the route to the address ends. What the kernel does not tell counts as no.
bool is_local(RouteSocket& socket, const IpAddress& address) {
  LocalRouteRequest request(RTM_GETROUTE, 0);
  request.body.rtm_family = domain_of(address.family());
  request.body.rtm_dst_len = static_cast<unsigned char>(8 * size_of(address));
  request.add(RTA_DST, address);
  const std::optional<rtmsg> route = socket.ask_for_route(request);
  return route && route->rtm_type == RTN_LOCAL;
}

LocalRouteRequest request_for(std::uint16_t type, int flags, const IpPrefix& range) {
  LocalRouteRequest request = request_about_ours(type, flags, range.address().family());
  request.body.rtm_dst_len = static_cast<unsigned char>(range.length());
  request.add(RTA_DST, range.address());
  request.add_value(RTA_OIF, static_cast<std::uint32_t>(::if_nametoindex("lo")));
  return request;
}

}  // namespace

std::vector<LocalRoutes::Failure> LocalRoutes::add(const std::vector<IpPrefix>& ranges,
                                                   const std::vector<IpAddress>& sources) {
  std::vector<Failure> failures;
  std::optional<std::vector<IpPrefix>> ours;
  RouteSocket socket;
  for (const IpPrefix& range : ranges) {
    if (range.address().is_loopback()) continue;
    const auto source = std::find_if(sources.begin(), sources.end(), [&](const IpAddress& address) {
      return address.family() == range.address().family();
    });
    const auto ask = [&](int how) {
      LocalRouteRequest request = request_for(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | how, range);
      if (source != sources.end()) request.add(RTA_PREFSRC, *source);
      return socket.ask(request);
    };
    int error = ask(NLM_F_EXCL);
    if (error == EEXIST) {
      if (!ours) ours = list();
      // One of ours may have another source now.
      if (std::find(ours->begin(), ours->end(), range) != ours->end()) error = ask(NLM_F_REPLACE);
    }
    if (error == 0 || error == EEXIST || (error == EPERM && is_local(socket, range.address()))) continue;
    failures.push_back({range, error});
  }
  return failures;
}

std::vector<IpPrefix> LocalRoutes::list() {
  std::vector<IpPrefix> ranges;
  RouteSocket socket;
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    const int error =
        socket.ask(request_about_ours(RTM_GETROUTE, NLM_F_DUMP, family), [&ranges](const RouteMessage& message) {
          if (const auto range = own_range(message)) ranges.push_back(*range);
        });
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot read the routes");
  }
  return ranges;
}

void LocalRoutes::remove(const std::vector<IpPrefix>& ranges) {
  RouteSocket socket;
  for (const IpPrefix& range : ranges) {
    const int error = socket.ask(request_for(RTM_DELROUTE, NLM_F_ACK, range));
    if (error != 0 && error != ESRCH) {
      throw std::system_error(error, std::generic_category(), "cannot take away the route of " + range.to_string());
    }
  }
}

std::size_t LocalRoutes::remove_all() {
  const std::vector<IpPrefix> ranges = list();
  remove(ranges);
  return ranges.size();
}

}  // namespace ferry::proxy
