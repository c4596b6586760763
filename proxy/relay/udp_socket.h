#pragma once

#include <cstdint>
#include <vector>

#include "config/ip_address.h"
#include "proxy/relay/tcp_socket.h"

namespace ferry::proxy {

/// A UDP socket at an address that need not be configured on this host (IP_FREEBIND), with room for bursts.
/// `only_from`: whose datagrams it takes, from the first on; null: everybody's.
SocketResult open_datagrams(const config::IpAddress& address, std::uint16_t port,
                            const std::vector<config::IpPrefix>* only_from = nullptr);

/// A UDP socket that talks to that address and port alone.
SocketResult connect_datagrams(const config::IpAddress& address, std::uint16_t port);

/// From now on it talks to that one. 0, or an errno.
int reconnect_datagrams(int fd, const config::IpAddress& address, std::uint16_t port);

}  // namespace ferry::proxy
