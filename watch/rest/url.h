#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace ferry::watch {

/// Where an API server is.
struct Url {
  bool tls = false;
  /// A name or an address; an IPv6 address without its brackets.
  std::string host;
  std::uint16_t port = 80;
  /// What stands before every path: empty, or "/prefix" without a slash at its end.
  std::string base_path;

  /// "host:port" for a Host header, brackets around an IPv6 address.
  std::string authority() const;
  /// "https://host:port/prefix"
  std::string to_string() const;

  friend bool operator==(const Url&, const Url&) = default;
};

/// Reads the address of an API server the way kubectl and kube-proxy take it: "https://host:6443/prefix", or
/// "host:port", which means http. The error is one clause that says what was wrong and what would be right.
boost::system::result<Url, std::string> parse_url(std::string_view text);

/// An address as it may be told: what stands before an '@' is left out, for it may hold a password.
std::string without_credentials(std::string_view text);

/// Everything but letters, digits and -._~ as %XX (RFC 3986, section 2.3).
std::string percent_encode(std::string_view text);

/// "a=1&b=2", values encoded, in the order given.
std::string encode_query(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace ferry::watch
