#include "tests/apiserver/table_columns.h"

#include <chrono>
#include <ctime>

#include <spdlog/fmt/fmt.h>

namespace ferry::apiserver {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  return parts.empty() ? "<none>" : fmt::format("{}", fmt::join(parts, ","));
}

/// At most `limit` parts, then how many more there are.
std::string joined_some(const std::vector<std::string>& parts, std::size_t limit) {
  if (parts.size() <= limit) return joined(parts);
  const std::vector<std::string> some(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(limit));
  return fmt::format("{} + {} more...", joined(some), parts.size() - limit);
}

/// The time since a timestamp as kubectl writes it: two units at most, fewer the older.
std::string age_of(const std::string& timestamp) {
  std::tm broken{};
  if (strptime(timestamp.c_str(), "%Y-%m-%dT%H:%M:%SZ", &broken) == nullptr) return "<unknown>";
  const auto seconds = std::max<std::time_t>(0, std::time(nullptr) - timegm(&broken));
  const auto minutes = seconds / 60;
  const auto hours = minutes / 60;
  const auto two = [](std::time_t big, char big_unit, std::time_t small, char small_unit) {
    return small == 0 ? fmt::format("{}{}", big, big_unit) : fmt::format("{}{}{}{}", big, big_unit, small, small_unit);
  };
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return fmt::format("{}m", minutes);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return fmt::format("{}h", hours);
  if (hours < 192) return two(hours / 24, 'd', hours % 24, 'h');
  return fmt::format("{}d", hours / 24);
}

TableColumn name_column() {
  return {"Name", "string", "name", 0,
          [](const Json& object) { return Json(text_of(field_of(object, "metadata"), "name")); }};
}

TableColumn age_column() {
  return {"Age", "string", "", 0,
          [](const Json& object) { return Json(age_of(text_of(field_of(object, "metadata"), "creationTimestamp"))); }};
}

TableColumn column(std::string name, std::function<std::string(const Json&)> cell, int priority = 0) {
  return {std::move(name), "string", "", priority,
          [cell = std::move(cell)](const Json& object) { return Json(cell(object)); }};
}

std::string service_ports(const Json& service) {
  std::vector<std::string> parts;
  for (const auto& port : field_of(field_of(service, "spec"), "ports")) {
    const auto node_port = port.value("nodePort", 0);
    parts.push_back(node_port == 0
                        ? fmt::format("{}/{}", port.value("port", 0), text_of(port, "protocol"))
                        : fmt::format("{}:{}/{}", port.value("port", 0), node_port, text_of(port, "protocol")));
  }
  return joined(parts);
}

std::string service_external(const Json& service) {
  const auto& spec = field_of(service, "spec");
  const auto type = text_of(spec, "type");
  std::vector<std::string> parts;
  if (type == "ExternalName") return text_of(spec, "externalName");
  for (const auto& ingress : field_of(field_of(field_of(service, "status"), "loadBalancer"), "ingress")) {
    parts.push_back(text_of(ingress, "ip", text_of(ingress, "hostname")));
  }
  for (const auto& address : field_of(spec, "externalIPs")) parts.push_back(address.get<std::string>());
  if (type == "LoadBalancer" && parts.empty()) return "<pending>";
  return joined(parts);
}

std::string selector_text(const Json& selector) {
  std::vector<std::string> parts;
  for (const auto& item : selector.items())
    parts.push_back(fmt::format("{}={}", item.key(), item.value().get<std::string>()));
  return joined(parts);
}

std::vector<TableColumn> service_columns() {
  return {name_column(),
          column("Type", [](const Json& o) { return text_of(field_of(o, "spec"), "type"); }),
          column("Cluster-IP", [](const Json& o) { return text_of(field_of(o, "spec"), "clusterIP", "<none>"); }),
          column("External-IP", service_external),
          column("Port(s)", service_ports),
          age_column(),
          column(
              "Selector", [](const Json& o) { return selector_text(field_of(field_of(o, "spec"), "selector")); }, 1)};
}

std::string endpoints_text(const Json& endpoints) {
  std::vector<std::string> parts;
  for (const auto& subset : field_of(endpoints, "subsets")) {
    for (const auto& address : field_of(subset, "addresses")) {
      for (const auto& port : field_of(subset, "ports")) {
        parts.push_back(fmt::format("{}:{}", text_of(address, "ip"), port.value("port", 0)));
      }
      if (field_of(subset, "ports").empty()) parts.push_back(text_of(address, "ip"));
    }
  }
  return joined_some(parts, 3);
}

std::string slice_ports(const Json& slice) {
  std::vector<std::string> parts;
  for (const auto& port : field_of(slice, "ports")) {
    parts.push_back(field_of(port, "port").is_null() ? "*" : field_of(port, "port").dump());
  }
  return parts.empty() ? "<unset>" : joined_some(parts, 3);
}

std::string slice_addresses(const Json& slice) {
  std::vector<std::string> parts;
  for (const auto& endpoint : field_of(slice, "endpoints")) {
    for (const auto& address : field_of(endpoint, "addresses")) parts.push_back(address.get<std::string>());
  }
  return parts.empty() ? "<unset>" : joined_some(parts, 3);
}

std::string condition_status(const Json& object, std::string_view type) {
  for (const auto& condition : field_of(field_of(object, "status"), "conditions")) {
    if (field_of(condition, "type") == type) return text_of(condition, "status");
  }
  return {};
}

std::string pod_ready(const Json& pod) {
  const auto total = field_of(field_of(pod, "spec"), "containers").size();
  std::size_t ready = 0;
  for (const auto& status : field_of(field_of(pod, "status"), "containerStatuses"))
    ready += status.value("ready", false) ? 1 : 0;
  if (field_of(field_of(pod, "status"), "containerStatuses").empty() && condition_status(pod, "Ready") == "True")
    ready = total;
  return fmt::format("{}/{}", ready, total);
}

std::string pod_restarts(const Json& pod) {
  std::int64_t restarts = 0;
  for (const auto& status : field_of(field_of(pod, "status"), "containerStatuses"))
    restarts += status.value("restartCount", 0);
  return std::to_string(restarts);
}

std::string pod_status(const Json& pod) {
  if (!field_of(field_of(pod, "metadata"), "deletionTimestamp").is_null()) return "Terminating";
  const auto& status = field_of(pod, "status");
  return text_of(status, "reason", text_of(status, "phase", "Unknown"));
}

std::vector<TableColumn> pod_columns() {
  return {name_column(),
          column("Ready", pod_ready),
          column("Status", pod_status),
          column("Restarts", pod_restarts),
          age_column(),
          column(
              "IP", [](const Json& o) { return text_of(field_of(o, "status"), "podIP", "<none>"); }, 1),
          column(
              "Node", [](const Json& o) { return text_of(field_of(o, "spec"), "nodeName", "<none>"); }, 1),
          column(
              "Nominated Node",
              [](const Json& o) { return text_of(field_of(o, "status"), "nominatedNodeName", "<none>"); }, 1),
          column(
              "Readiness Gates", [](const Json&) { return std::string("<none>"); }, 1)};
}

std::string node_status(const Json& node) {
  const auto ready = condition_status(node, "Ready");
  const std::string status = ready == "True" ? "Ready" : (ready.empty() ? "Unknown" : "NotReady");
  return field_of(node, "spec").value("unschedulable", false) ? status + ",SchedulingDisabled" : status;
}

std::string node_roles(const Json& node) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::vector<std::string> roles;
  for (const auto& label : field_of(field_of(node, "metadata"), "labels").items()) {
    if (label.key().starts_with(kPrefix)) roles.push_back(label.key().substr(kPrefix.size()));
  }
  return joined(roles);
}

std::string node_address(const Json& node, std::string_view type) {
  for (const auto& address : field_of(field_of(node, "status"), "addresses")) {
    if (field_of(address, "type") == type) return text_of(address, "address");
  }
  return "<none>";
}

std::vector<TableColumn> node_columns() {
  return {name_column(),
          column("Status", node_status),
          column("Roles", node_roles),
          age_column(),
          column("Version",
                 [](const Json& o) { return text_of(field_of(field_of(o, "status"), "nodeInfo"), "kubeletVersion"); }),
          column(
              "Internal-IP", [](const Json& o) { return node_address(o, "InternalIP"); }, 1),
          column(
              "External-IP", [](const Json& o) { return node_address(o, "ExternalIP"); }, 1)};
}

}  // namespace

Json TableColumns::definitions() const {
  Json out = Json::array();
  for (const auto& column : columns_) {
    out.push_back({{"name", column.name},
                   {"type", column.type},
                   {"format", column.format},
                   {"description", ""},
                   {"priority", column.priority}});
  }
  return out;
}

Json TableColumns::cells(const Json& object) const {
  Json out = Json::array();
  for (const auto& column : columns_) out.push_back(column.cell(object));
  return out;
}

TableColumns table_columns(std::string_view resource) {
  if (resource == "services") return TableColumns(service_columns());
  if (resource == "pods") return TableColumns(pod_columns());
  if (resource == "nodes") return TableColumns(node_columns());
  if (resource == "endpoints") {
    return TableColumns({name_column(), column("Endpoints", endpoints_text), age_column()});
  }
  if (resource == "endpointslices") {
    return TableColumns({name_column(), column("AddressType", [](const Json& o) { return text_of(o, "addressType"); }),
                         column("Ports", slice_ports), column("Endpoints", slice_addresses), age_column()});
  }
  if (resource == "namespaces") {
    return TableColumns({name_column(),
                         column("Status", [](const Json& o) { return text_of(field_of(o, "status"), "phase"); }),
                         age_column()});
  }
  return TableColumns({name_column(), age_column()});
}

}  // namespace ferry::apiserver
