#include "config/service_port_name.h"

namespace ferry::config {
namespace {

std::size_t combine(std::size_t seed, std::size_t value) {
  return seed ^ (value + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

}  // namespace

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "TCP";
    case Protocol::kUdp:
      return "UDP";
    case Protocol::kSctp:
      return "SCTP";
  }
  return "";
}

std::optional<Protocol> parse_protocol(std::string_view text) {
  if (text == "TCP") return Protocol::kTcp;
  if (text == "UDP") return Protocol::kUdp;
  if (text == "SCTP") return Protocol::kSctp;
  return std::nullopt;
}

std::string NamespacedName::to_string() const { return ns + "/" + name; }

std::string ServicePortName::to_string() const {
  std::string text = service.to_string();
  if (!port.empty()) text.append(":").append(port);
  return text.append("/").append(config::to_string(protocol));
}

}  // namespace ferry::config

std::size_t std::hash<ferry::config::NamespacedName>::operator()(
    const ferry::config::NamespacedName& name) const noexcept {
  const std::hash<std::string> hash_of;
  return ferry::config::combine(hash_of(name.ns), hash_of(name.name));
}

std::size_t std::hash<ferry::config::ServicePortName>::operator()(
    const ferry::config::ServicePortName& name) const noexcept {
  const std::size_t service = std::hash<ferry::config::NamespacedName>{}(name.service);
  const std::size_t port = std::hash<std::string>{}(name.port);
  return ferry::config::combine(ferry::config::combine(service, port), static_cast<std::size_t>(name.protocol));
}
