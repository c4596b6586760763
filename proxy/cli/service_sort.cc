#include "proxy/cli/service_sort.h"

#include <algorithm>
#include <tuple>

namespace ferry::cli {

namespace {

double value_of(const ServicePort& service, SortKey key) {
  switch (key) {
    case SortKey::kName:
      return 0;
    case SortKey::kEndpoints:
      return static_cast<double>(service.endpoints_used);
    case SortKey::kEjected:
      return static_cast<double>(service.endpoints_ejected);
    case SortKey::kOpen:
      return static_cast<double>(service.connections.open);
    case SortKey::kConnections:
      return service.rates.connections;
    case SortKey::kFailures:
      return service.rates.failures;
    case SortKey::kBytes:
      return service.rates.bytes();
    case SortKey::kAccepted:
      return static_cast<double>(service.connections.accepted);
    case SortKey::kP99:
      return service.connect.p99.value_or(-1);
  }
  return 0;
}

auto name_parts(const ServicePort& service) {
  return std::tie(service.namespace_name, service.name, service.port, service.protocol);
}

}  // namespace

std::string_view name_of(SortKey key) {
  switch (key) {
    case SortKey::kName:
      return "name";
    case SortKey::kEndpoints:
      return "endpoints";
    case SortKey::kEjected:
      return "ejected";
    case SortKey::kOpen:
      return "open";
    case SortKey::kConnections:
      return "connections";
    case SortKey::kFailures:
      return "failures";
    case SortKey::kBytes:
      return "bytes";
    case SortKey::kAccepted:
      return "accepted";
    case SortKey::kP99:
      return "p99";
  }
  return "";
}

std::optional<SortKey> sort_key_of(std::string_view name) {
  for (const SortKey key : kSortKeys) {
    if (name_of(key) == name) return key;
  }
  return std::nullopt;
}

std::string sort_key_names() {
  std::string names;
  for (const SortKey key : kSortKeys) {
    if (!names.empty()) names += key == kSortKeys.back() ? " or " : ", ";
    names += name_of(key);
  }
  return names;
}

bool descends_by_default(SortKey key) { return key != SortKey::kName; }

void sort_services(std::vector<ServicePort>& services, SortKey key) {
  std::stable_sort(services.begin(), services.end(), [key](const ServicePort& a, const ServicePort& b) {
    const double of_a = value_of(a, key);
    const double of_b = value_of(b, key);
    return of_a != of_b ? of_a > of_b : name_parts(a) < name_parts(b);
  });
}

}  // namespace ferry::cli
