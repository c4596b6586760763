#include "proxy/host/external_rules.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include <linux/fib_rules.h>
#include <net/if.h>
#include <netinet/in.h>

#include "proxy/host/local_routes.h"
#include "proxy/host/reply_device.h"
#include "proxy/host/route_socket.h"

namespace ferry::proxy {

namespace {

using config::AddressFamily;
using config::IpAddress;
using config::Protocol;

using RuleRequest = RouteRequest<fib_rule_hdr>;

RuleRequest request_for(std::uint16_t type, int flags, const ListenAddress& at) {
  RuleRequest request(type, NLM_F_ACK | flags);
  request.body.family = domain_of(at.address.family());
  request.body.dst_len = static_cast<unsigned char>(8 * size_of(at.address));
  request.body.action = FR_ACT_TO_TBL;
  request.add(FRA_DST, at.address);
  request.add_value(FRA_TABLE, ExternalRules::kTable);
  request.add_value(FRA_PRIORITY, ExternalRules::kPriority);
  request.add_value(FRA_PROTOCOL, std::uint8_t{LocalRoutes::kProtocol});
  request.add_value(FRA_IP_PROTO, static_cast<std::uint8_t>(at.protocol == Protocol::kTcp ? IPPROTO_TCP : IPPROTO_UDP));
  request.add_value(FRA_DPORT_RANGE, fib_rule_port_range{at.port, at.port});
  return request;
}

RouteRequest<rtmsg> table_route(std::uint16_t type, int flags, AddressFamily family) {
  RouteRequest<rtmsg> request(type, NLM_F_ACK | flags);
  request.body.rtm_family = domain_of(family);
  request.body.rtm_table = RT_TABLE_UNSPEC;
  request.body.rtm_protocol = LocalRoutes::kProtocol;
  request.body.rtm_scope = RT_SCOPE_HOST;
  request.body.rtm_type = RTN_LOCAL;
  request.add_value(RTA_TABLE, ExternalRules::kTable);
  request.add_value(RTA_OIF, static_cast<std::uint32_t>(::if_nametoindex("lo")));
  return request;
}

/// What a rule of ours is about; nothing for another's.
std::optional<ListenAddress> read_rule(const RouteMessage& message) {
  const auto rule = message.header.nlmsg_type == RTM_NEWRULE ? read_value<fib_rule_hdr>(message.payload) : std::nullopt;
  if (!rule) return std::nullopt;
  ListenAddress at;
  bool ours = false;
  std::string_view attributes = message.payload.substr(sizeof(fib_rule_hdr));
  while (const auto attribute = cut_attribute(attributes)) {
    const std::string_view value = attribute->payload;
    switch (attribute->header.rta_type) {
      case FRA_DST:
        at.address = read_address(value, rule->family);
        break;
      case FRA_PROTOCOL:
        ours = read_value<std::uint8_t>(value) == LocalRoutes::kProtocol;
        break;
      case FRA_IP_PROTO:
        at.protocol = read_value<std::uint8_t>(value) == IPPROTO_UDP ? Protocol::kUdp : Protocol::kTcp;
        break;
      case FRA_DPORT_RANGE:
        if (const auto range = read_value<fib_rule_port_range>(value)) at.port = range->start;
        break;
      default:
        break;
    }
  }
  return ours && at.port != 0 ? std::optional(at) : std::nullopt;
}

}  // namespace

int ExternalRules::set_table(const std::vector<IpAddress>& sources) {
  RouteSocket socket;
  for (const AddressFamily family : config::kAddressFamilies) {
    const auto source = std::find_if(sources.begin(), sources.end(),
                                     [&](const IpAddress& address) { return address.family() == family; });
    if (source == sources.end()) continue;
    RouteRequest<rtmsg> request = table_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, family);
    request.add(RTA_PREFSRC, *source);
    if (const int error = socket.ask(request); error != 0) return error;
  }
  return 0;
}

int ExternalRules::add(const ListenAddress& at) {
  RouteSocket socket;
  const int error = socket.ask(request_for(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, at));
  return error == EEXIST ? 0 : error;
}

int ExternalRules::remove(const ListenAddress& at) {
  RouteSocket socket;
  const int error = socket.ask(request_for(RTM_DELRULE, 0, at));
  return error == ENOENT ? 0 : error;
}

std::vector<ListenAddress> ExternalRules::list() {
  std::vector<ListenAddress> rules;
  RouteSocket socket;
  for (const AddressFamily family : config::kAddressFamilies) {
    RuleRequest request(RTM_GETRULE, NLM_F_DUMP);
    request.body.family = domain_of(family);
    const int error = socket.ask(request, [&rules](const RouteMessage& message) {
      if (const auto rule = read_rule(message)) rules.push_back(*rule);
    });
    if (error != 0 && error != EAFNOSUPPORT && error != EOPNOTSUPP) {
      throw std::system_error(error, std::generic_category(), "cannot read the routing rules");
    }
  }
  return rules;
}

std::size_t ExternalRules::remove_all() {
  const std::vector<ListenAddress> rules = list();
  for (const ListenAddress& at : rules) {
    if (const int error = remove(at); error != 0) {
      throw std::system_error(error, std::generic_category(), "cannot take away the routing rule of " + to_string(at));
    }
  }
  RouteSocket socket;
  for (const AddressFamily family : config::kAddressFamilies) {
    const int error = socket.ask(table_route(RTM_DELROUTE, 0, family));
    if (error != 0 && error != ESRCH && error != ENOENT && error != EAFNOSUPPORT && error != EPERM) {
      throw std::system_error(error, std::generic_category(), "cannot take away the route of table 7070");
    }
  }
  if (const int error = ReplyDevice::remove_all(); error != 0) {
    throw std::system_error(error, std::generic_category(),
                            std::string("cannot take away the device ") + ReplyDevice::kName);
  }
  return rules.size();
}

}  // namespace ferry::proxy
