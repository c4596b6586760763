#include "proxy/bpf/addresses.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ferry::proxy {

using config::IpAddress;

namespace {

constexpr std::size_t kV4At = 12;

}  // namespace

ferry_address layout_of(const IpAddress& address) {
  IpAddress::Bytes bytes{};
  if (address.is_v4()) {
    bytes[kV4At - 2] = bytes[kV4At - 1] = 0xFF;
    std::copy_n(address.bytes().begin(), 4, bytes.begin() + kV4At);
  } else {
    bytes = address.bytes();
  }
  ferry_address made{};
  std::memcpy(&made, bytes.data(), sizeof(made));
  return made;
}

IpAddress address_of(const ferry_address& layout) {
  IpAddress::Bytes bytes{};
  std::memcpy(bytes.data(), &layout, sizeof(layout));
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  const bool mapped = std::all_of(bytes.begin(), bytes.begin() + kV4At - 2, is_zero) && bytes[kV4At - 2] == 0xFF &&
                      bytes[kV4At - 1] == 0xFF;
  if (!mapped) return IpAddress::from_v6_bytes(bytes);
  std::array<std::uint8_t, 4> v4{};
  std::copy_n(bytes.begin() + kV4At, v4.size(), v4.begin());
  return IpAddress::from_v4_bytes(v4);
}

}  // namespace ferry::proxy
