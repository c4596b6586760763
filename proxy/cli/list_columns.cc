#include "proxy/cli/list_columns.h"

#include <algorithm>
#include <array>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/service_tables.h"
#include "proxy/cli/text.h"
#include "proxy/cli/units.h"

namespace ferry::cli {

namespace {

constexpr std::size_t kNameWanted = 24;
constexpr std::size_t kStateWidth = 11;
constexpr std::size_t kCountWidth = 8;

struct Number {
  SortKey key;
  const char* header;
  /// With a star at the header.
  std::size_t width;
};

constexpr std::array<Number, 8> kNumbers{{{SortKey::kEndpoints, "ENDP", 7},
                                          {SortKey::kEjected, "EJECT", 6},
                                          {SortKey::kOpen, "OPEN", 7},
                                          {SortKey::kConnections, "CONN/S", 8},
                                          {SortKey::kFailures, "FAIL/S", 7},
                                          {SortKey::kBytes, "BYTES/S", 8},
                                          {SortKey::kAccepted, "ACCEPTED", 9},
                                          {SortKey::kP99, "P99", 7}}};

constexpr std::array<SortKey, 8> kFirstToGo{SortKey::kAccepted, SortKey::kEjected,    SortKey::kP99,
                                            SortKey::kBytes,    SortKey::kFailures,   SortKey::kEndpoints,
                                            SortKey::kOpen,     SortKey::kConnections};

const Number& number_of(SortKey key) {
  return *std::find_if(kNumbers.begin(), kNumbers.end(), [key](const Number& number) { return number.key == key; });
}

std::string cell(const ServicePort& service, SortKey key) {
  switch (key) {
    case SortKey::kName:
      return full_name(service.namespace_name, service.name, service.port);
    case SortKey::kEndpoints:
      return endpoints_words(service);
    case SortKey::kEjected:
      return std::to_string(service.endpoints_ejected);
    case SortKey::kOpen:
      return std::to_string(service.connections.open);
    case SortKey::kConnections:
      return human_rate(service.rates.connections);
    case SortKey::kFailures:
      return human_rate(service.rates.failures);
    case SortKey::kBytes:
      return human_bytes(service.rates.bytes());
    case SortKey::kAccepted:
      return std::to_string(service.connections.accepted);
    case SortKey::kP99:
      return human_latency(service.connect.p99);
  }
  return {};
}

/// Columns that the numbers take, with a space before each.
std::size_t width_of(const std::vector<SortKey>& numbers) {
  std::size_t width = 0;
  for (const SortKey key : numbers) width += 1 + number_of(key).width;
  return width;
}

}  // namespace

ListColumns::ListColumns(std::size_t width, SortKey sort) : sort_(sort), name_width_(width) {
  for (const Number& number : kNumbers) numbers_.push_back(number.key);
  for (const SortKey key : kFirstToGo) {
    if (width_of(numbers_) + kNameWanted <= width) break;
    if (key != sort) std::erase(numbers_, key);
  }
  // A screen that has no room for one number shows names.
  if (width_of(numbers_) >= width) numbers_.clear();
  name_width_ = width - width_of(numbers_);
}

std::string ListColumns::header() const {
  std::string text = left_aligned(sort_ == SortKey::kName ? "SERVICE*" : "SERVICE", name_width_);
  for (const SortKey key : numbers_) {
    const Number& number = number_of(key);
    text += ' ' + right_aligned(fmt::format("{}{}", number.header, key == sort_ ? "*" : ""), number.width);
  }
  return text;
}

std::string ListColumns::row(const ServicePort& service) const {
  std::string text = left_aligned(cell(service, SortKey::kName), name_width_);
  for (const SortKey key : numbers_) text += ' ' + right_aligned(cell(service, key), number_of(key).width);
  return text;
}

EndpointColumns::EndpointColumns(const std::vector<Endpoint>& endpoints, std::size_t width)
    : address_width_(std::string_view("ENDPOINT").size()), width_(width) {
  for (const Endpoint& endpoint : endpoints) {
    address_width_ = std::max(address_width_, columns_of(endpoint.address));
  }
}

std::string EndpointColumns::header() const {
  return clipped(
      fmt::format("{} {} {} {} {} {}  {}", left_aligned("ENDPOINT", address_width_), left_aligned("STATE", kStateWidth),
                  right_aligned("OPEN", kCountWidth), right_aligned("DIALLED", kCountWidth),
                  right_aligned("FAILED", kCountWidth), right_aligned("CONNECT", kCountWidth), "NODE"),
      width_);
}

std::string EndpointColumns::row(const Endpoint& endpoint) const {
  const Counts& counts = endpoint.connections;
  return clipped(
      fmt::format("{} {} {} {} {} {}  {}", left_aligned(endpoint.address, address_width_),
                  left_aligned(endpoint.state, kStateWidth), right_aligned(std::to_string(counts.open), kCountWidth),
                  right_aligned(std::to_string(counts.accepted), kCountWidth),
                  right_aligned(std::to_string(counts.failed), kCountWidth),
                  right_aligned(human_latency(endpoint.connect_ms), kCountWidth), endpoint.node),
      width_);
}

}  // namespace ferry::cli
