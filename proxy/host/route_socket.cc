#include "proxy/host/route_socket.h"

#include <algorithm>

#include <sys/socket.h>

namespace ferry::proxy {

namespace {

using config::IpAddress;

/// Cuts the first piece off; none when what is left is no whole one. `length` tells the header's own length, which
/// counts the header.
template <class Header, class Length>
std::optional<RoutePiece<Header>> cut(std::string_view& bytes, Length length) {
  constexpr std::size_t kAlignment = 4;
  RoutePiece<Header> piece;
  if (bytes.size() < sizeof(Header)) return std::nullopt;
  std::memcpy(&piece.header, bytes.data(), sizeof(Header));
  const std::size_t size = length(piece.header);
  if (size < sizeof(Header) || size > bytes.size()) return std::nullopt;
  piece.payload = bytes.substr(sizeof(Header), size - sizeof(Header));
  bytes.remove_prefix(std::min(bytes.size(), (size + kAlignment - 1) / kAlignment * kAlignment));
  return piece;
}

std::optional<RouteMessage> cut_message(std::string_view& bytes) {
  return cut<nlmsghdr>(bytes, [](const nlmsghdr& header) { return std::size_t{header.nlmsg_len}; });
}

}  // namespace

unsigned char domain_of(config::AddressFamily family) {
  return family == config::AddressFamily::kIpv4 ? AF_INET : AF_INET6;
}

std::size_t size_of(const IpAddress& address) { return address.is_v4() ? 4 : 16; }

std::optional<RouteAttribute> cut_attribute(std::string_view& bytes) {
  return cut<rtattr>(bytes, [](const rtattr& header) { return std::size_t{header.rta_len}; });
}

IpAddress read_address(std::string_view bytes, unsigned char domain) {
  IpAddress::Bytes read{};
  std::memcpy(read.data(), bytes.data(), std::min(bytes.size(), read.size()));
  return domain == AF_INET ? IpAddress::from_v4_bytes({read[0], read[1], read[2], read[3]})
                           : IpAddress::from_v6_bytes(read);
}

RouteSocket::RouteSocket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {}

std::optional<rtmsg> RouteSocket::ask_for_route(const RouteRequest<rtmsg>& request) {
  if (send(&request, request.header.nlmsg_len) != 0 || receive() != 0) return std::nullopt;
  const auto message = cut_message(answer_);
  if (!message || message->header.nlmsg_type != RTM_NEWROUTE) return std::nullopt;
  return read_value<rtmsg>(message->payload);
}

int RouteSocket::send(const void* request, std::size_t size) {
  return fd_ && ::send(fd_.get(), request, size, 0) >= 0 ? 0 : errno;
}

int RouteSocket::receive() {
  ssize_t size = 0;
  do {
    size = ::recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return size < 0 ? errno : EPROTO;
  answer_ = {buffer_.data(), static_cast<std::size_t>(size)};
  return 0;
}

int RouteSocket::hear_all(const std::function<void(const RouteMessage&)>& hear) {
  while (true) {
    if (const int error = receive(); error != 0) return error;
    while (const auto message = cut_message(answer_)) {
      if (message->header.nlmsg_type == NLMSG_DONE) return 0;
      if (message->header.nlmsg_type == NLMSG_ERROR) return -read_value<int>(message->payload).value_or(-EPROTO);
      if (hear) hear(*message);
    }
  }
}

}  // namespace ferry::proxy
