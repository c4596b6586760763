#include "config/ip_address.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

namespace ferry::config {
namespace {

constexpr std::array<std::uint8_t, 12> kV4MappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// inet_pton refuses leading zeros and inet_aton reads them as octal; Kubernetes reads them as decimal.
std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
  std::array<std::uint8_t, 4> bytes{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) {
      if (at == end || *at != '.') return std::nullopt;
      ++at;
    }
    const auto [next, error] = std::from_chars(at, end, bytes[i], 10);
    if (error != std::errc{} || next - at > 3) return std::nullopt;
    at = next;
  }
  if (at != end) return std::nullopt;
  return bytes;
}

}  // namespace

std::string_view to_string(AddressFamily family) { return family == AddressFamily::kIpv4 ? "IPv4" : "IPv6"; }

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    const auto bytes = parse_v4(text);
    if (!bytes) return std::nullopt;
    return from_v4_bytes(*bytes);
  }
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof terminated) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated);
  // A NUL inside the text would end it early for inet_pton.
  if (std::strlen(terminated) != text.size()) return std::nullopt;
  Bytes bytes{};
  if (inet_pton(AF_INET6, terminated, bytes.data()) != 1) return std::nullopt;
  if (std::equal(kV4MappedPrefix.begin(), kV4MappedPrefix.end(), bytes.begin())) {
    return from_v4_bytes({bytes[12], bytes[13], bytes[14], bytes[15]});
  }
  return from_v6_bytes(bytes);
}

IpAddress IpAddress::from_v4_bytes(const std::array<std::uint8_t, 4>& bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::from_v6_bytes(const Bytes& bytes) {
  IpAddress address;
  address.family_ = AddressFamily::kIpv6;
  address.bytes_ = bytes;
  return address;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[0] == 127;
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.begin() + 15, [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const {
  if (!is_v4()) return bytes_[0] == 0xff;
  const bool broadcast = std::all_of(bytes_.begin(), bytes_.begin() + 4, [](std::uint8_t b) { return b == 255; });
  return (bytes_[0] & 0xf0) == 0xe0 || broadcast;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  const char* done = inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  return done == nullptr ? std::string() : std::string(done);
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const auto digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length, 10);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.size() > 3) return std::nullopt;
  if (length > (address->is_v4() ? 32U : 128U)) return std::nullopt;
  return of(*address, length);
}

IpPrefix IpPrefix::of(const IpAddress& address, unsigned length) {
  const unsigned bits = address.is_v4() ? 32 : 128;
  IpAddress::Bytes bytes = address.bytes();
  for (unsigned bit = length; bit < bits; ++bit) bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  IpPrefix prefix;
  prefix.address_ = address.is_v4() ? IpAddress::from_v4_bytes({bytes[0], bytes[1], bytes[2], bytes[3]})
                                    : IpAddress::from_v6_bytes(bytes);
  prefix.length_ = length;
  return prefix;
}

bool IpPrefix::contains(const IpAddress& address) const {
  if (address.family() != address_.family()) return false;
  const unsigned whole = length_ / 8;
  if (!std::equal(address_.bytes().begin(), address_.bytes().begin() + whole, address.bytes().begin())) return false;
  const unsigned rest = length_ % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
  return ((address_.bytes()[whole] ^ address.bytes()[whole]) & mask) == 0;
}

std::string IpPrefix::to_string() const { return address_.to_string() + "/" + std::to_string(length_); }

}  // namespace ferry::config

std::size_t std::hash<ferry::config::IpAddress>::operator()(const ferry::config::IpAddress& address) const noexcept {
  const auto& bytes = address.bytes();
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}
