#include "proxy/cli/decode.h"

#include <algorithm>
#include <cmath>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/text.h"
#include "proxy/cli/units.h"

namespace ferry::cli {

namespace {

const Json& field(const Json& json, const char* key) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto found = json.find(key);
  return found == json.end() ? kNull : *found;
}

std::string text(const Json& json, const char* key) {
  const Json& value = field(json, key);
  return value.is_string() ? printable(value.get_ref<const std::string&>()) : std::string();
}

std::uint64_t count(const Json& json, const char* key) {
  const Json& value = field(json, key);
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  return 0;
}

std::optional<double> maybe_real(const Json& json, const char* key) {
  const Json& value = field(json, key);
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

double real(const Json& json, const char* key) { return maybe_real(json, key).value_or(0); }

bool truth(const Json& json, const char* key) {
  const Json& value = field(json, key);
  return value.is_boolean() && value.get<bool>();
}

std::chrono::milliseconds milliseconds(const Json& json, const char* key) {
  // A century: what a 64-bit count of milliseconds holds with ease.
  constexpr std::uint64_t kMost = 100ULL * 366 * 24 * 3600 * 1000;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(count(json, key), kMost)));
}

/// Calls `visit` with each member of an array; with none of anything else.
template <class Visit>
void each(const Json& array, Visit visit) {
  if (!array.is_array()) return;
  for (const Json& item : array) visit(item);
}

std::vector<std::string> texts(const Json& json, const char* key) {
  std::vector<std::string> result;
  each(field(json, key), [&result](const Json& item) {
    if (item.is_string()) result.push_back(printable(item.get_ref<const std::string&>()));
  });
  return result;
}

Counts decode_counts(const Json& json) {
  return {.open = count(json, "open"),
          .accepted = count(json, "accepted"),
          .failed = count(json, "failed"),
          .retried = count(json, "retried"),
          .bytes_to_backend = count(json, "bytesToBackend"),
          .bytes_to_client = count(json, "bytesToClient")};
}

/// The relay's connections and the steered ones of the same object.
Counts decode_all_counts(const Json& json) {
  Counts sum = decode_counts(field(json, "connections"));
  const Counts steered = decode_counts(field(field(json, "steering"), "connections"));
  sum.open += steered.open;
  sum.accepted += steered.accepted;
  sum.failed += steered.failed;
  sum.bytes_to_backend += steered.bytes_to_backend;
  sum.bytes_to_client += steered.bytes_to_client;
  return sum;
}

/// Of a service port.
std::string decode_path(const Json& json) {
  const Json& steering = field(json, "steering");
  if (truth(steering, "steered")) return "steered";
  return truth(steering, "paused") ? "paused" : "relay";
}

Rates decode_rates(const Json& json) {
  return {.connections = real(json, "connections"),
          .failures = real(json, "failures"),
          .bytes_to_backend = real(json, "bytesToBackend"),
          .bytes_to_client = real(json, "bytesToClient")};
}

ConnectTimes decode_connect(const Json& json) {
  return {.p50 = maybe_real(json, "p50"), .p99 = maybe_real(json, "p99")};
}

std::string address_and_port(const std::string& address, std::uint64_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

Setting decode_setting(const Json& json) {
  return {.key = text(json, "key"),
          .value = text(json, "value"),
          .in_force = text(json, "inForce"),
          .error = text(json, "error")};
}

Endpoint decode_endpoint(const Json& json) {
  return {.address = address_and_port(text(json, "address"), count(json, "port")),
          .node = text(json, "node"),
          .local = truth(json, "local"),
          .state = text(json, "state"),
          .why = text(json, "why"),
          .connections = decode_counts(field(json, "connections")),
          .connect_ms = maybe_real(json, "connectMs")};
}

PortDetail decode_port_detail(const Json& json, const ServiceDetail& service) {
  PortDetail port;
  port.summary = decode_service_port(json);
  if (port.summary.namespace_name.empty()) port.summary.namespace_name = service.namespace_name;
  if (port.summary.name.empty()) port.summary.name = service.name;
  port.number = count(json, "number");
  each(field(json, "settings"), [&port](const Json& item) { port.settings.push_back(decode_setting(item)); });
  port.words = texts(json, "words");
  each(field(json, "endpointList"), [&port](const Json& item) { port.endpoints.push_back(decode_endpoint(item)); });
  return port;
}

Connection decode_connection(const Json& json) {
  return {.client = text(json, "client"),
          .namespace_name = text(json, "namespace"),
          .name = text(json, "name"),
          .port = text(json, "port"),
          .address = text(json, "address"),
          .endpoint = text(json, "endpoint"),
          .state = text(json, "state"),
          .attempts = count(json, "attempts"),
          .bytes_to_backend = count(json, "bytesToBackend"),
          .bytes_to_client = count(json, "bytesToClient"),
          .age = milliseconds(json, "ageMs"),
          .idle = milliseconds(json, "idleMs"),
          .worker = count(json, "worker")};
}

}  // namespace

Status decode_status(const Json& json) {
  Status status;
  status.version = text(json, "version");
  status.node = text(json, "node");
  const auto started = parse_time(text(json, "startedAt"));
  const auto now = parse_time(text(json, "now"));
  if (started && now) status.uptime = *now - *started;
  status.synced = truth(json, "synced");
  status.healthy = truth(json, "healthy");
  status.service_ports = count(json, "servicePorts");
  status.endpoints_ejected = count(json, "endpointsEjected");
  status.unserved = count(json, "unserved");
  status.connections = decode_all_counts(json);
  status.rates = decode_rates(field(json, "rates"));
  status.connect = decode_connect(field(json, "connectMs"));
  return status;
}

ServicePort decode_service_port(const Json& json) {
  const Json& endpoints = field(json, "endpoints");
  return {.namespace_name = text(json, "namespace"),
          .name = text(json, "name"),
          .port = text(json, "port"),
          .protocol = text(json, "protocol"),
          .addresses = texts(json, "addresses"),
          .removed = truth(json, "removed"),
          .load_balancing = text(json, "loadBalancing"),
          .endpoints_used = count(endpoints, "used"),
          .endpoints_ejected = count(endpoints, "ejected"),
          .endpoints_draining = count(endpoints, "draining"),
          .path = decode_path(json),
          .connections = decode_all_counts(json),
          .rates = decode_rates(field(json, "rates")),
          .connect = decode_connect(field(json, "connectMs"))};
}

ServiceList decode_service_list(const Json& json) {
  ServiceList list;
  list.total = count(json, "total");
  list.matched = count(json, "matched");
  list.offset = count(json, "offset");
  each(field(json, "items"), [&list](const Json& item) { list.items.push_back(decode_service_port(item)); });
  return list;
}

ServiceDetail decode_service_detail(const Json& json) {
  ServiceDetail service;
  service.namespace_name = text(json, "namespace");
  service.name = text(json, "name");
  each(field(json, "ports"),
       [&service](const Json& item) { service.ports.push_back(decode_port_detail(item, service)); });
  return service;
}

ConnectionList decode_connection_list(const Json& json) {
  ConnectionList list;
  list.open = count(json, "open");
  list.clients_hidden = truth(json, "clientsHidden");
  each(field(json, "items"), [&list](const Json& item) { list.items.push_back(decode_connection(item)); });
  return list;
}

}  // namespace ferry::cli
