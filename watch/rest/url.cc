#include "watch/rest/url.h"

#include <cctype>
#include <charconv>
#include <optional>

namespace ferry::watch {
namespace {

using Parsed = boost::system::result<Url, std::string>;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool is_host_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
}

/// Splits "host", "host:port", "[v6]" or "[v6]:port" into the two; the port stays as it is when none is named.
std::string read_authority(std::string_view authority, Url& url) {
  std::string_view host = authority;
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return "a '[' without its ']'";
    host = authority.substr(1, close - 1);
    if (host.find(':') == std::string_view::npos) return "brackets are for IPv6 addresses";
    const std::string_view rest = authority.substr(close + 1);
    has_port = !rest.empty();
    if (has_port && rest.front() != ':') return "unexpected text after ']'";
    if (has_port) port = rest.substr(1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    has_port = true;
    if (port.find(':') != std::string_view::npos) return "an IPv6 address needs brackets, as in [fd00::1]:6443";
    for (const char c : host) {
      if (!is_host_character(c)) return "the host has a character that no host name has";
    }
  }
  if (host.empty()) return "the host is missing";
  url.host = host;
  if (!has_port) return {};
  const auto number = parse_port(port);
  if (!number) return "'" + std::string(port) + "' is no port between 1 and 65535";
  url.port = *number;
  return {};
}

}  // namespace

std::string Url::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::to_string() const { return (tls ? "https://" : "http://") + authority() + base_path; }

Parsed parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  const auto scheme_end = text.find("://");
  const bool has_scheme = scheme_end != std::string_view::npos;
  if (has_scheme) {
    const std::string_view scheme = text.substr(0, scheme_end);
    if (scheme != "http" && scheme != "https") {
      return "the scheme must be http or https, not '" + std::string(scheme) + "'";
    }
    url.tls = scheme == "https";
    url.port = url.tls ? 443 : 80;
    rest = text.substr(scheme_end + 3);
  }
  if (rest.find_first_of("?#@ \t\r\n") != std::string_view::npos) {
    return std::string("an address has no '?', '#', '@' or blank");
  }
  const auto slash = rest.find('/');
  if (!has_scheme && slash != std::string_view::npos) {
    return std::string("host must be a URL or a host:port pair");
  }
  if (std::string problem = read_authority(rest.substr(0, slash), url); !problem.empty()) return problem;
  if (slash != std::string_view::npos) url.base_path = rest.substr(slash);
  while (url.base_path.ends_with('/')) url.base_path.pop_back();
  return url;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~');
    if (plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4U];
      encoded += kDigits[byte & 0xfU];
    }
  }
  return encoded;
}

std::string encode_query(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string query;
  for (const auto& [key, value] : parameters) {
    if (!query.empty()) query += '&';
    query += percent_encode(key) + "=" + percent_encode(value);
  }
  return query;
}

}  // namespace ferry::watch
