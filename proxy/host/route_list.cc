#include "proxy/host/route_list.h"

#include <cerrno>
#include <optional>
#include <system_error>

#include <net/if.h>

#include "proxy/host/route_socket.h"

namespace ferry::proxy {

namespace {

std::string name_of_device(std::uint32_t index) {
  std::array<char, IF_NAMESIZE> name{};
  return ::if_indextoname(index, name.data()) == nullptr ? std::string() : std::string(name.data());
}

std::optional<Route> read_route(const RouteMessage& message) {
  const auto body = message.header.nlmsg_type == RTM_NEWROUTE ? read_value<rtmsg>(message.payload) : std::nullopt;
  if (!body || body->rtm_dst_len == 0) return std::nullopt;
  if (body->rtm_table != RT_TABLE_MAIN && body->rtm_table != RT_TABLE_LOCAL) return std::nullopt;
  if (body->rtm_type != RTN_UNICAST && body->rtm_type != RTN_LOCAL) return std::nullopt;
  Route route;
  route.local = body->rtm_type == RTN_LOCAL;
  std::string_view attributes = message.payload.substr(sizeof(rtmsg));
  while (const auto attribute = cut_attribute(attributes)) {
    if (attribute->header.rta_type == RTA_DST) {
      route.range = config::IpPrefix::of(read_address(attribute->payload, body->rtm_family), body->rtm_dst_len);
    } else if (attribute->header.rta_type == RTA_OIF) {
      route.device = name_of_device(read_value<std::uint32_t>(attribute->payload).value_or(0));
    }
  }
  return route;
}

}  // namespace

std::vector<Route> read_routes() {
  std::vector<Route> routes;
  RouteSocket socket;
  for (const auto family : {config::AddressFamily::kIpv4, config::AddressFamily::kIpv6}) {
    RouteRequest<rtmsg> request(RTM_GETROUTE, NLM_F_DUMP);
    request.body.rtm_family = domain_of(family);
    const int error = socket.ask(request, [&routes](const RouteMessage& message) {
      if (auto route = read_route(message)) routes.push_back(std::move(*route));
    });
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot read the routes");
  }
  return routes;
}

}  // namespace ferry::proxy
