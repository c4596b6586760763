#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/relay/socket_address.h"

namespace ferry::proxy {

/// Version 2 of the PROXY protocol (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, 2.2): a header before
/// the first byte of a connection that tells who made it, and to whom.

/// The longest that is read: the fixed part and the addresses of 2.2, and what of extensions fits one packet.
inline constexpr std::size_t kLongestProxyHeader = 552;

/// The header of a TCP connection. Where one address is IPv6 the other is written so too (RFC 4291, 2.5.5.2).
std::string proxy_header(const Peer& source, const Peer& destination);

/// What bytes at the beginning of a connection are.
struct ProxyHeader {
  enum class State : std::uint8_t {
    /// A header so far; it is not whole yet.
    kIncomplete,
    kWhole,
    /// No header of version 2, or one of more than kLongestProxyHeader bytes.
    kWrong,
  };

  State state = State::kIncomplete;
  /// Of the whole header, in bytes.
  std::size_t length = 0;
  /// Who made the connection; none when the sender made it itself (LOCAL), or speaks of no TCP over IP.
  std::optional<Peer> source;
};

ProxyHeader read_proxy_header(std::string_view bytes);

}  // namespace ferry::proxy
