#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/ip_address.h"
#include "proxy/relay/socket_address.h"
#include "proxy/relay/tcp_socket.h"

namespace ferry::proxy {

/// A raw socket (raw(7), ipv6(7)) that sends UDP datagrams from any address and port. Nothing is received by it: it is
/// bound to `address`, which should be one that no packet is delivered to. Needs CAP_NET_RAW and CAP_NET_ADMIN.
SocketResult open_answer_socket(const config::IpAddress& address);

/// Lets the socket, and connections accepted from it, send from addresses that are not this host's (IP_TRANSPARENT).
/// 0, or an errno; EPERM without CAP_NET_RAW.
int make_transparent(int fd, config::AddressFamily family);

using UdpHeader = std::array<std::uint8_t, 8>;

/// The header of a datagram (RFC 768). Over IPv6 the kernel fills in the checksum, on a socket of the above kind.
UdpHeader udp_header(const Peer& from, const Peer& to, std::string_view payload);

}  // namespace ferry::proxy
