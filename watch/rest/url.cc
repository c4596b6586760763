#include "watch/rest/url.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "config/ip_address.h"

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

bool is_ipv6_address(std::string_view text) {
  return text.find(':') != std::string_view::npos && config::IpAddress::parse(text).has_value();
}

/// What is wrong with the host of an URL; empty: nothing.
std::string check_host(std::string_view host, bool in_brackets) {
  if (in_brackets) return is_ipv6_address(host) ? "" : "what is in the brackets is not an IPv6 address";
  if (host.empty()) return "the host is missing";
  for (const char c : host) {
    if (!is_host_character(c)) return "the host has a character that no host name has";
  }
  return {};
}

/// Reads "host", "host:port", "[v6]" or "[v6]:port"; the port stays as it is when none is named. Returns what is wrong
/// with it.
std::string read_authority(std::string_view authority, Url& url) {
  const bool in_brackets = authority.starts_with('[');
  std::string_view host = authority;
  std::string_view rest;
  if (in_brackets) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return "a '[' without its ']'";
    host = authority.substr(1, close - 1);
    rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return "unexpected text after ']'";
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    rest = authority.substr(colon);
    if (rest.find(':', 1) != std::string_view::npos) return "an IPv6 address needs brackets, as in [fd00::1]:6443";
  }
  if (std::string problem = check_host(host, in_brackets); !problem.empty()) return problem;
  url.host = host;
  if (rest.empty()) return {};
  const auto number = parse_port(rest.substr(1));
  if (!number) return "'" + std::string(rest.substr(1)) + "' is no port between 1 and 65535";
  url.port = *number;
  return {};
}

/// Sets what the scheme decides. False: it is neither http nor https.
bool read_scheme(std::string_view scheme, Url& url) {
  std::string lower;
  for (const char c : scheme) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  url.tls = lower == "https";
  url.port = url.tls ? 443 : 80;
  return url.tls || lower == "http";
}

bool is_url_character(char c) {
  constexpr std::string_view kNotInAnAddress = "?#@\"<>\\^`{|}";
  return c > ' ' && c < 0x7f && kNotInAnAddress.find(c) == std::string_view::npos;
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
    if (!read_scheme(scheme, url)) return "the scheme must be http or https, not '" + std::string(scheme) + "'";
    rest = text.substr(scheme_end + 3);
  }
  const auto slash = rest.find('/');
  const std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  if (!has_scheme && path.size() > 1) return std::string("host must be a URL or a host:port pair");
  const std::string_view authority = rest.substr(0, slash);
  // What stands before the '@' is secret, so no other sentence may say it.
  if (text.find('@') != std::string_view::npos) {
    return std::string("it has an '@': a user name and a password have their own fields in a kubeconfig");
  }
  if (std::string problem = read_authority(authority, url); !problem.empty()) return problem;
  if (!std::all_of(path.begin(), path.end(), is_url_character)) {
    return std::string("its path has a character that must not stand there, such as '?', '#' or a blank");
  }
  url.base_path = path;
  while (url.base_path.ends_with('/')) url.base_path.pop_back();
  return url;
}

std::string without_credentials(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return std::string(text);
  const auto scheme_end = text.find("://");
  const std::size_t from = scheme_end == std::string_view::npos || scheme_end > at ? 0 : scheme_end + 3;
  return std::string(text.substr(0, from)) + "..." + std::string(text.substr(at));
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
