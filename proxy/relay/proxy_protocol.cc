#include "proxy/relay/proxy_protocol.h"

#include <algorithm>

namespace ferry::proxy {

namespace {

constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t kFixedLength = 16;
constexpr std::uint8_t kVersion2 = 0x20;
constexpr std::uint8_t kLocal = 0x0;
constexpr std::uint8_t kProxy = 0x1;
constexpr std::uint8_t kTcp4 = 0x11;
constexpr std::uint8_t kTcp6 = 0x21;
/// The bytes before an IPv4 address that is written as IPv6.
constexpr std::string_view kMapped{"\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12};

std::size_t size_of_addresses(bool v4) { return v4 ? 12 : 36; }

void append_word(std::string& text, std::size_t word) {
  text += static_cast<char>(word >> 8U & 0xFFU);
  text += static_cast<char>(word & 0xFFU);
}

void append_address(std::string& text, const config::IpAddress& address, bool as_v4) {
  if (address.is_v4() && !as_v4) text += kMapped;
  text.append(reinterpret_cast<const char*>(address.bytes().data()), address.is_v4() ? 4 : 16);
}

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint16_t word_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8U | byte_at(bytes, at + 1));
}

/// The source in the block of addresses. An IPv4 address that is written as IPv6 is the IPv4 address: so ranges and
/// affinity take it.
Peer read_source(std::string_view addresses, bool v4) {
  const bool mapped = !v4 && addresses.substr(0, kMapped.size()) == kMapped;
  config::IpAddress::Bytes bytes{};
  std::copy_n(addresses.begin() + (mapped ? kMapped.size() : 0), v4 || mapped ? 4 : 16, bytes.begin());
  const config::IpAddress address = v4 || mapped
                                        ? config::IpAddress::from_v4_bytes({bytes[0], bytes[1], bytes[2], bytes[3]})
                                        : config::IpAddress::from_v6_bytes(bytes);
  return {address, word_at(addresses, v4 ? 8 : 32)};
}

}  // namespace

std::string proxy_header(const Peer& source, const Peer& destination) {
  const bool v4 = source.address.is_v4() && destination.address.is_v4();
  std::string header(kSignature);
  header += static_cast<char>(kVersion2 | kProxy);
  header += static_cast<char>(v4 ? kTcp4 : kTcp6);
  append_word(header, size_of_addresses(v4));
  append_address(header, source.address, v4);
  append_address(header, destination.address, v4);
  append_word(header, source.port);
  append_word(header, destination.port);
  return header;
}

ProxyHeader read_proxy_header(std::string_view bytes) {
  constexpr ProxyHeader kWrong{ProxyHeader::State::kWrong, 0, std::nullopt};
  const std::size_t known = std::min(bytes.size(), kSignature.size());
  if (bytes.substr(0, known) != kSignature.substr(0, known)) return kWrong;
  if (bytes.size() > kSignature.size()) {
    const unsigned command = byte_at(bytes, kSignature.size());
    if (command != (kVersion2 | kLocal) && command != (kVersion2 | kProxy)) return kWrong;
  }
  if (bytes.size() < kFixedLength) return {};
  const std::size_t length = kFixedLength + word_at(bytes, 14);
  if (length > kLongestProxyHeader) return kWrong;
  const std::uint8_t family = byte_at(bytes, 13);
  const bool proxied = byte_at(bytes, 12) == (kVersion2 | kProxy) && (family == kTcp4 || family == kTcp6);
  if (proxied && length < kFixedLength + size_of_addresses(family == kTcp4)) return kWrong;
  if (bytes.size() < length) return {};
  ProxyHeader header{ProxyHeader::State::kWhole, length, std::nullopt};
  if (proxied) header.source = read_source(bytes.substr(kFixedLength, length - kFixedLength), family == kTcp4);
  return header;
}

}  // namespace ferry::proxy
