#include "proxy/options/bind_address.h"

#include <charconv>
#include <string_view>
#include <system_error>

#include <spdlog/fmt/fmt.h>

#include "proxy/options/usage_error.h"

namespace ferry::proxy {

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && stop == end ? std::optional(port) : std::nullopt;
}

[[noreturn]] void refuse(const std::string& flag, const std::string& value, const std::string& reason) {
  throw UsageError(fmt::format("{} {}: {}", flag, value, reason));
}

}  // namespace

std::optional<boost::asio::ip::tcp::endpoint> parse_bind_address(const std::string& flag, const std::string& value,
                                                                 std::uint16_t default_port) {
  if (value.empty()) return std::nullopt;
  std::string_view host = value;
  std::optional<std::uint16_t> port = default_port;
  const auto colon = host.rfind(':');
  const bool bare_v6 = !host.starts_with('[') && host.find(':') != colon;
  if (colon != std::string_view::npos && !bare_v6 && !host.ends_with(']')) {
    port = parse_port(host.substr(colon + 1));
    if (!port) {
      refuse(flag, value,
             fmt::format("'{}' is no port; give one from 0 (any free port) to 65535", host.substr(colon + 1)));
    }
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (error) {
    refuse(flag, value,
           fmt::format("'{}' is no IP address; write ADDRESS:PORT, such as 0.0.0.0:{} or [::]:{}", host, default_port,
                       default_port));
  }
  return boost::asio::ip::tcp::endpoint{address, *port};
}

}  // namespace ferry::proxy
