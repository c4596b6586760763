#include "proxy/host/local_routes.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>
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

/// One message or attribute of netlink's: a header, and what it is about.
template <class Header>
struct Piece {
  Header header{};
  std::string_view payload;
};

/// Cuts the first piece off; none when what is left is no whole one. `length` tells the header's own length, which
/// counts the header.
template <class Header, class Length>
std::optional<Piece<Header>> cut(std::string_view& bytes, Length length) {
  constexpr std::size_t kAlignment = 4;
  Piece<Header> piece;
  if (bytes.size() < sizeof(Header)) return std::nullopt;
  std::memcpy(&piece.header, bytes.data(), sizeof(Header));
  const std::size_t size = length(piece.header);
  if (size < sizeof(Header) || size > bytes.size()) return std::nullopt;
  piece.payload = bytes.substr(sizeof(Header), size - sizeof(Header));
  bytes.remove_prefix(std::min(bytes.size(), (size + kAlignment - 1) / kAlignment * kAlignment));
  return piece;
}

using Message = Piece<nlmsghdr>;

std::optional<Message> cut_message(std::string_view& bytes) {
  return cut<nlmsghdr>(bytes, [](const nlmsghdr& header) { return std::size_t{header.nlmsg_len}; });
}

std::optional<Piece<rtattr>> cut_attribute(std::string_view& bytes) {
  return cut<rtattr>(bytes, [](const rtattr& header) { return std::size_t{header.rta_len}; });
}

template <class Value>
std::optional<Value> read(std::string_view bytes) {
  Value value{};
  if (bytes.size() < sizeof(value)) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

/// A conversation with the kernel's routing.
class RouteSocket {
 public:
  RouteSocket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {}

  /// The type of the one route that is the answer; RTN_UNSPEC when there is none.
  unsigned char ask_for_route(const RouteRequest& request) {
    unsigned char type = RTN_UNSPEC;
    if (send(request) != 0 || receive() != 0) return type;
    if (const auto message = cut_message(answer_); message && message->header.nlmsg_type == RTM_NEWROUTE) {
      if (const auto route = read<rtmsg>(message->payload)) type = route->rtm_type;
    }
    return type;
  }

  /// 0, or an errno. `hear` is called for each route of the answer.
  int ask(const RouteRequest& request, const std::function<void(const Message&)>& hear = {}) {
    if (const int error = send(request); error != 0) return error;
    while (true) {
      if (const int error = receive(); error != 0) return error;
      while (const auto message = cut_message(answer_)) {
        if (message->header.nlmsg_type == NLMSG_DONE) return 0;
        if (message->header.nlmsg_type == NLMSG_ERROR) return -read<int>(message->payload).value_or(-EPROTO);
        if (hear) hear(*message);
      }
    }
  }

 private:
  int send(const RouteRequest& request) {
    return fd_ && ::send(fd_.get(), &request, request.header.nlmsg_len, 0) >= 0 ? 0 : errno;
  }
  int receive() {
    ssize_t size = 0;
    do {
      size = ::recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
    } while (size < 0 && errno == EINTR);
    if (size <= 0) return size < 0 ? errno : EPROTO;
    answer_ = {buffer_.data(), static_cast<std::size_t>(size)};
    return 0;
  }

  UniqueFd fd_;
  std::array<char, 32768> buffer_;
  std::string_view answer_;
};

/// The range of a route of ours; none for another's.
std::optional<IpPrefix> own_range(const Message& message) {
  const auto route = message.header.nlmsg_type == RTM_NEWROUTE ? read<rtmsg>(message.payload) : std::nullopt;
  if (!route || route->rtm_protocol != LocalRoutes::kProtocol || route->rtm_table != RT_TABLE_LOCAL ||
      route->rtm_type != RTN_LOCAL) {
    return std::nullopt;
  }
  std::string_view attributes = message.payload.substr(sizeof(rtmsg));
  while (const auto attribute = cut_attribute(attributes)) {
    if (attribute->header.rta_type != RTA_DST) continue;
    IpAddress::Bytes bytes{};
    std::memcpy(bytes.data(), attribute->payload.data(), std::min(attribute->payload.size(), bytes.size()));
    const IpAddress address = route->rtm_family == AF_INET
                                  ? IpAddress::from_v4_bytes({bytes[0], bytes[1], bytes[2], bytes[3]})
                                  : IpAddress::from_v6_bytes(bytes);
    return IpPrefix::of(address, route->rtm_dst_len);
  }
  return std::nullopt;
}

/// Whether this host is where the route to the address ends. What the kernel does not tell counts as no.
bool is_local(RouteSocket& socket, const IpAddress& address) {
  RouteRequest request(RTM_GETROUTE, 0, address.family());
  request.route = {};
  request.route.rtm_family = address.is_v4() ? AF_INET : AF_INET6;
  request.route.rtm_dst_len = static_cast<unsigned char>(8 * size_of(address));
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
  std::vector<IpPrefix> wanted;
  std::copy_if(ranges.begin(), ranges.end(), std::back_inserter(wanted),
               [](const IpPrefix& range) { return !range.address().is_loopback(); });
  if (wanted.empty()) return {};
  const std::vector<IpPrefix> ours = list();
  std::vector<Failure> failures;
  RouteSocket socket;
  for (const IpPrefix& range : wanted) {
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
    const int error = socket.ask(request, [&ranges](const Message& message) {
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
