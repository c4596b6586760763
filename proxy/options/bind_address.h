#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>

namespace ferry::proxy {

constexpr std::uint16_t kHealthzPort = 10256;

/// "10.0.0.1:10256", "[::1]:0", or an address alone, which takes the default port, as with kube-proxy. Empty text:
/// no address. Throws UsageError in one sentence that names the flag.
std::optional<boost::asio::ip::tcp::endpoint> parse_bind_address(const std::string& flag, const std::string& value,
                                                                 std::uint16_t default_port);

}  // namespace ferry::proxy
