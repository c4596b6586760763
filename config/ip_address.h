#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::config {

enum class AddressFamily : std::uint8_t { kIpv4, kIpv6 };
inline constexpr std::array kAddressFamilies{AddressFamily::kIpv4, AddressFamily::kIpv6};

/// "IPv4" or "IPv6".
std::string_view to_string(AddressFamily family);

/// An IPv4 or IPv6 address as a plain value: 17 bytes, no allocation, ordered (IPv4 first).
class IpAddress {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  /// 0.0.0.0
  IpAddress() = default;

  /// Reads "10.0.0.1" or "fd00::1". Decimal parts of an IPv4 address may have leading zeros, which Kubernetes reads as
  /// decimal, never octal. IPv4-mapped IPv6 text ("::ffff:10.0.0.1") becomes the IPv4 address it stands for. A zone
  /// ("%eth0"), blanks or anything else: nullopt.
  static std::optional<IpAddress> parse(std::string_view text);

  /// From the four bytes of an IPv4 address, in network order.
  static IpAddress from_v4_bytes(const std::array<std::uint8_t, 4>& bytes);
  /// From the sixteen bytes of an IPv6 address, in network order; nothing is unmapped.
  static IpAddress from_v6_bytes(const Bytes& bytes);

  AddressFamily family() const { return family_; }
  bool is_v4() const { return family_ == AddressFamily::kIpv4; }
  /// Network order; an IPv4 address uses the first four, the rest are zero.
  const Bytes& bytes() const { return bytes_; }

  bool is_unspecified() const;
  bool is_loopback() const;
  /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291).
  bool is_link_local() const;
  /// 224.0.0.0/4, ff00::/8, and the IPv4 limited broadcast address.
  bool is_multicast() const;

  /// The canonical text (RFC 5952 for IPv6).
  std::string to_string() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  AddressFamily family_ = AddressFamily::kIpv4;
  Bytes bytes_{};
};

/// An address range such as 10.96.0.0/16.
class IpPrefix {
 public:
  /// Reads "ADDRESS/LENGTH". Bits beyond the length are cleared. nullopt when the text is not a range.
  static std::optional<IpPrefix> parse(std::string_view text);
  /// Of the first `length` bits, at most as many as the family has.
  static IpPrefix of(const IpAddress& address, unsigned length);
  /// The address alone: a range of one.
  static IpPrefix host(const IpAddress& address) { return of(address, address.is_v4() ? 32 : 128); }

  const IpAddress& address() const { return address_; }
  unsigned length() const { return length_; }

  /// False for an address of the other family.
  bool contains(const IpAddress& address) const;

  std::string to_string() const;

  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;
  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;

 private:
  IpAddress address_;
  unsigned length_ = 0;
};

}  // namespace ferry::config

template <>
struct std::hash<ferry::config::IpAddress> {
  std::size_t operator()(const ferry::config::IpAddress& address) const noexcept;
};
