#include "tests/apiserver/service_allocator.h"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <spdlog/fmt/fmt.h>

namespace ferry::apiserver {
namespace {

namespace ip = boost::asio::ip;

constexpr int kFirstNodePort = 30000;
constexpr int kLastNodePort = 32767;

/// IPv4 as its mapped IPv6 form, so that one arithmetic does for both.
ip::address_v6::bytes_type bytes_of(const ip::address& address) {
  return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes() : address.to_v6().to_bytes();
}

/// Calls with each cluster IP and each node port that a service has.
template <class OnAddress, class OnPort>
void for_each_claim(const Object& service, OnAddress on_address, OnPort on_port) {
  const auto spec = service.value.find("spec");
  if (spec == service.value.end()) return;
  if (const auto addresses = spec->find("clusterIPs"); addresses != spec->end()) {
    for (const auto& address : *addresses) {
      if (address != "None") on_address(address.get<std::string>());
    }
  }
  if (const auto ports = spec->find("ports"); ports != spec->end()) {
    for (const auto& port : *ports) {
      if (const auto node_port = port.value("nodePort", 0); node_port != 0) on_port(node_port);
    }
  }
}

}  // namespace

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code error;
  const auto address = ip::make_address(text, error);
  if (error) return std::nullopt;
  return address;
}

ServiceAllocator::ServiceAllocator(Storage& storage, std::string_view ranges) : text_(ranges) {
  for (std::size_t start = 0; start <= ranges.size();) {
    const auto end = std::min(ranges.find(',', start), ranges.size());
    ranges_.push_back(parse_range(ranges.substr(start, end - start)));
    families_.emplace_back(ranges_.back().v6 ? "IPv6" : "IPv4");
    start = end + 1;
  }
  if (ranges_.size() > 2 || (ranges_.size() == 2 && ranges_[0].v6 == ranges_[1].v6)) {
    throw std::runtime_error(
        fmt::format("--service-cluster-ip-range \"{}\": wants one CIDR, or an IPv4 and an IPv6 one", ranges));
  }
  for (const auto& service : storage.list("services").items) take(*service);
  subscription_ = storage.subscribe("services", [this](const Event& event) { on_event(event); });
}

ServiceAllocator::Range ServiceAllocator::parse_range(std::string_view cidr) {
  const auto slash = cidr.find('/');
  const auto address = parse_address(cidr.substr(0, slash));
  boost::system::error_code error;
  Range range;
  int width = 0;
  if (slash == std::string_view::npos || !address) {
    error = boost::asio::error::invalid_argument;
  } else if (address->is_v4()) {
    const auto network = ip::make_network_v4(cidr, error);
    range.prefix = network.prefix_length();
    if (!error) range.base = bytes_of(network.network());
    width = 32;
  } else {
    const auto network = ip::make_network_v6(cidr, error);
    range.v6 = true;
    range.prefix = network.prefix_length();
    if (!error) range.base = network.network().to_bytes();
    width = 128;
  }
  if (error) {
    throw std::runtime_error(
        fmt::format("--service-cluster-ip-range \"{}\": wants a CIDR such as 10.96.0.0/12 or fd00:10::/112", cidr));
  }
  range.size = 1U << std::min(width - range.prefix, 24);
  return range;
}

ip::address ServiceAllocator::at(const Range& range, std::uint32_t offset) {
  auto bytes = range.base;
  for (std::size_t i = bytes.size(); offset != 0 && i-- > 0;) {
    const auto sum = bytes[i] + (offset & 0xff);
    bytes[i] = static_cast<unsigned char>(sum);
    offset = (offset >> 8) + (sum >> 8);
  }
  const auto address = ip::make_address_v6(bytes);
  if (range.v6) return address;
  return ip::make_address_v4(ip::v4_mapped, address);
}

bool ServiceAllocator::inside(const Range& range, const ip::address& address) {
  if (range.v6 != address.is_v6()) return false;
  const auto bytes = bytes_of(address);
  const int bits = range.v6 ? range.prefix : range.prefix + 96;
  for (int i = 0; i < bits; ++i) {
    const auto byte = static_cast<std::size_t>(i / 8);
    if (((bytes[byte] ^ range.base[byte]) >> (7 - i % 8) & 1) != 0) return false;
  }
  return true;
}

bool ServiceAllocator::contains(const ip::address& address) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) { return inside(range, address); });
}

bool ServiceAllocator::loopback() const {
  return std::any_of(ranges_.begin(), ranges_.end(), [](const Range& range) { return at(range, 1).is_loopback(); });
}

std::string ServiceAllocator::owner(std::string_view address) const {
  const auto found = owners_.find(address);
  return found == owners_.end() ? std::string() : found->second;
}

bool ServiceAllocator::node_port_taken(int port, std::string_view except_key) const {
  const auto found = node_ports_.find(port);
  return found != node_ports_.end() && found->second != except_key;
}

std::optional<std::string> ServiceAllocator::allocate(std::string_view family) {
  const auto range =
      std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.v6 == (family == "IPv6"); });
  if (range == ranges_.end()) return std::nullopt;
  // The first addresses are left to those who ask for one by name, as a real server does; the last one is the
  // broadcast address.
  const std::uint32_t first = std::min<std::uint32_t>(10, range->size / 2);
  const std::uint32_t end = range->size - 1;
  for (std::uint32_t tries = first; tries < end; ++tries) {
    if (range->next < first || range->next >= end) range->next = first;
    auto address = at(*range, range->next++).to_string();
    if (!owners_.contains(address)) return address;
  }
  return std::nullopt;
}

std::optional<int> ServiceAllocator::allocate_node_port() {
  for (int tries = kFirstNodePort; tries <= kLastNodePort; ++tries) {
    const int port = next_node_port_;
    next_node_port_ = port == kLastNodePort ? kFirstNodePort : port + 1;
    if (!node_ports_.contains(port)) return port;
  }
  return std::nullopt;
}

void ServiceAllocator::on_event(const Event& event) {
  if (event.previous) release(*event.previous);
  if (event.type != Event::Type::kDeleted) take(*event.object);
}

void ServiceAllocator::take(const Object& service) {
  for_each_claim(
      service, [&](const std::string& address) { owners_[address] = service.key; },
      [&](int port) { node_ports_[port] = service.key; });
}

void ServiceAllocator::release(const Object& service) {
  for_each_claim(
      service, [&](const std::string& address) { owners_.erase(address); }, [&](int port) { node_ports_.erase(port); });
}

}  // namespace ferry::apiserver
