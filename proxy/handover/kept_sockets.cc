#include "proxy/handover/kept_sockets.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

// The manager takes ASCII without a colon for names: an address is its bytes in hexadecimal digits.
constexpr std::string_view kAddressPrefix = "address-";
const std::string kListeners = "listener";
const std::string kLink = "link";
const std::string kPages = "page";

std::string name_of(const ListenAddress& at) {
  std::string digits;
  const std::size_t size = at.address.is_v4() ? 4 : 16;
  for (std::size_t index = 0; index < size; ++index) digits += fmt::format("{:02x}", at.address.bytes()[index]);
  return fmt::format("{}{}-{}-{}", kAddressPrefix, config::to_string(at.protocol), digits, at.port);
}

std::optional<config::IpAddress> read_digits(std::string_view digits) {
  if (digits.size() != 8 && digits.size() != 32) return std::nullopt;
  std::string text;
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(digits.data() + at, digits.data() + at + 2, byte, 16);
    if (error != std::errc() || end != digits.data() + at + 2) return std::nullopt;
    if (digits.size() == 8) {
      text += fmt::format("{}{}", at > 0 ? "." : "", byte);
    } else {
      text += fmt::format("{}{:02x}", at > 0 && at % 4 == 0 ? ":" : "", byte);
    }
  }
  return config::IpAddress::parse(text);
}

std::optional<ListenAddress> read_name(std::string_view name) {
  if (!name.starts_with(kAddressPrefix)) return std::nullopt;
  name.remove_prefix(kAddressPrefix.size());
  const std::size_t first = name.find('-');
  const std::size_t second = name.find('-', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto protocol = config::parse_protocol(std::string(name.substr(0, first)));
  const auto address = read_digits(name.substr(first + 1, second - first - 1));
  const std::string_view digits = name.substr(second + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (!protocol || !address || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return ListenAddress{*address, port, *protocol};
}

}  // namespace

KeptSockets::Left KeptSockets::sort_out(std::vector<ReceivedFd> received) {
  Left left;
  left.inheritance.capture = "bind";
  for (ReceivedFd& each : received) {
    if (const auto at = read_name(each.name)) {
      left.inheritance.sockets.push_back({HandedSocket::Kind::kAddress, *at, std::move(each.fd)});
    } else if (each.name == kListeners) {
      left.inheritance.sockets.push_back({HandedSocket::Kind::kListener, {}, std::move(each.fd)});
    } else if (each.name == kLink) {
      left.inheritance.capture = "sk_lookup";
      left.inheritance.sockets.push_back({HandedSocket::Kind::kLink, {}, std::move(each.fd)});
    } else if (each.name == kPages) {
      left.pages.push_back(std::move(each.fd));
    }
  }
  return left;
}

KeptSockets::KeptSockets(const ServiceManager& manager, const Left& left) : manager_(manager) {
  for (const HandedSocket& socket : left.inheritance.sockets) {
    if (socket.kind == HandedSocket::Kind::kAddress) left_.insert(name_of(socket.at));
  }
}

void KeptSockets::keep(const ListenAddress& at, int socket) {
  const std::string name = name_of(at);
  // One that was left is in the store already.
  if (left_.erase(name) > 0) return;
  static_cast<void>(manager_.store(std::array{socket}, name));
}

void KeptSockets::forget(const ListenAddress& at) { static_cast<void>(manager_.remove(name_of(at))); }

void KeptSockets::keep_all(const std::vector<HandedSocket>& sockets, const std::vector<UniqueFd>& pages) {
  for (const std::string& name : {kListeners, kLink, kPages}) static_cast<void>(manager_.remove(name));
  for (const HandedSocket& socket : sockets) {
    if (socket.kind == HandedSocket::Kind::kAddress) {
      keep(socket.at, socket.fd.get());
    } else {
      const std::string& name = socket.kind == HandedSocket::Kind::kLink ? kLink : kListeners;
      static_cast<void>(manager_.store(std::array{socket.fd.get()}, name));
    }
  }
  for (const UniqueFd& page : pages) static_cast<void>(manager_.store(std::array{page.get()}, kPages));
  for (const std::string& name : std::exchange(left_, {})) static_cast<void>(manager_.remove(name));
}

}  // namespace ferry::proxy
