#include "proxy/cli/service_tables.h"

#include <algorithm>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/units.h"

namespace ferry::cli {

namespace {

constexpr bool kRight = true;

/// The first of them, and how many more there are.
std::string first_of(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  return words.size() == 1 ? words.front() : fmt::format("{} +{}", words.front(), words.size() - 1);
}

std::string number_in(const ServicePort& service) {
  if (service.addresses.empty()) return "?";
  const std::string& address = service.addresses.front();
  return address.substr(address.rfind(':') + 1);
}

void append(std::vector<TableColumn>& columns, std::vector<TableColumn> more) {
  for (TableColumn& column : more) columns.push_back(std::move(column));
}

void append(std::vector<std::string>& cells, std::vector<std::string> more) {
  for (std::string& cell : more) cells.push_back(std::move(cell));
}

std::string bytes(std::uint64_t count) { return human_bytes(static_cast<double>(count)); }

}  // namespace

std::string port_words(const ServicePort& service) {
  return fmt::format("{}/{}", service.port.empty() ? number_in(service) : service.port, service.protocol);
}

std::string full_name(const std::string& namespace_name, const std::string& name, const std::string& port) {
  return port.empty() ? fmt::format("{}/{}", namespace_name, name)
                      : fmt::format("{}/{}:{}", namespace_name, name, port);
}

std::string endpoints_words(const ServicePort& service) {
  if (service.removed) return "removed";
  const std::uint64_t ejected = std::min(service.endpoints_ejected, service.endpoints_used);
  return fmt::format("{}/{}", service.endpoints_used - ejected, service.endpoints_used);
}

Table services_table(const std::vector<ServicePort>& services, bool wide) {
  Table table;
  table.columns = {{"NAMESPACE"},      {"NAME"},         {"PORT"},           {wide ? "ADDRESSES" : "ADDRESS"},
                   {"ENDPOINTS"},      {"OPEN", kRight}, {"CONN/S", kRight}, {"FAIL/S", kRight},
                   {"BYTES/S", kRight}};
  if (wide) {
    append(table.columns, {{"BALANCING"},
                           {"PATH"},
                           {"DRAINING", kRight},
                           {"ACCEPTED", kRight},
                           {"FAILED", kRight},
                           {"RETRIED", kRight},
                           {"TO-BACKEND", kRight},
                           {"TO-CLIENT", kRight},
                           {"P50", kRight},
                           {"P99", kRight}});
  }
  for (const ServicePort& service : services) {
    std::vector<std::string> row{
        service.namespace_name,
        service.name,
        port_words(service),
        wide ? fmt::format("{}", fmt::join(service.addresses, ",")) : first_of(service.addresses),
        endpoints_words(service),
        std::to_string(service.connections.open),
        human_rate(service.rates.connections),
        human_rate(service.rates.failures),
        human_bytes(service.rates.bytes())};
    if (wide) {
      append(row, {service.load_balancing, service.path, std::to_string(service.endpoints_draining),
                   std::to_string(service.connections.accepted), std::to_string(service.connections.failed),
                   std::to_string(service.connections.retried), bytes(service.connections.bytes_to_backend),
                   bytes(service.connections.bytes_to_client), human_latency(service.connect.p50),
                   human_latency(service.connect.p99)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table endpoints_table(const std::vector<ServiceDetail>& services, bool wide) {
  Table table;
  table.columns = {{"NAMESPACE"}, {"NAME"}, {"PORT"}, {"ENDPOINT"}, {"STATE"}, {"OPEN", kRight}};
  if (wide) {
    append(table.columns, {{"DIALLED", kRight},
                           {"FAILED", kRight},
                           {"RETRIED", kRight},
                           {"TO-BACKEND", kRight},
                           {"TO-CLIENT", kRight},
                           {"CONNECT", kRight},
                           {"LOCAL"}});
  }
  append(table.columns, {{"NODE"}, {"WHY"}});
  for (const ServiceDetail& service : services) {
    for (const PortDetail& port : service.ports) {
      for (const Endpoint& endpoint : port.endpoints) {
        const Counts& counts = endpoint.connections;
        std::vector<std::string> row{service.namespace_name, service.name,   port_words(port.summary),
                                     endpoint.address,       endpoint.state, std::to_string(counts.open)};
        if (wide) {
          append(row, {std::to_string(counts.accepted), std::to_string(counts.failed), std::to_string(counts.retried),
                       bytes(counts.bytes_to_backend), bytes(counts.bytes_to_client),
                       human_latency(endpoint.connect_ms), endpoint.local ? "yes" : "no"});
        }
        append(row, {endpoint.node, endpoint.why});
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

Table connections_table(const std::vector<Connection>& connections, bool wide) {
  Table table;
  table.columns = {{"SERVICE"},           {"CLIENT"},     {"ADDRESS"}, {"ENDPOINT"}, {"STATE"}, {"TO-BACKEND", kRight},
                   {"TO-CLIENT", kRight}, {"AGE", kRight}};
  if (wide) append(table.columns, {{"IDLE", kRight}, {"ATTEMPTS", kRight}, {"WORKER", kRight}});
  for (const Connection& connection : connections) {
    std::vector<std::string> row{full_name(connection.namespace_name, connection.name, connection.port),
                                 connection.client,
                                 connection.address,
                                 connection.endpoint,
                                 connection.state,
                                 bytes(connection.bytes_to_backend),
                                 bytes(connection.bytes_to_client),
                                 human_duration(connection.age)};
    if (wide) {
      append(row,
             {human_duration(connection.idle), std::to_string(connection.attempts), std::to_string(connection.worker)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace ferry::cli
