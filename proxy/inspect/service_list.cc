#include "proxy/inspect/service_list.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <stdexcept>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/balancer/endpoint_order.h"
#include "proxy/inspect/steering_parts.h"
#include "proxy/settings/service_settings.h"

namespace ferry::proxy {

namespace {

using Sort = ServiceQuery::Sort;

constexpr std::array<std::pair<std::string_view, Sort>, 9> kSorts{{{"name", Sort::kName},
                                                                   {"open", Sort::kOpen},
                                                                   {"connections", Sort::kConnections},
                                                                   {"failures", Sort::kFailures},
                                                                   {"bytes", Sort::kBytes},
                                                                   {"accepted", Sort::kAccepted},
                                                                   {"endpoints", Sort::kEndpoints},
                                                                   {"ejected", Sort::kEjected},
                                                                   {"p99", Sort::kP99}}};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// What new connections may be carried to, of both families.
std::size_t used_endpoints(const config::ServicePortInfo& info) {
  std::size_t used = 0;
  for (const config::FamilyBackends& family : info.backends) {
    used += family.cluster->empty() ? family.local->backends.size() : family.cluster->backends.size();
  }
  return used;
}

bool uses(const config::ServicePortInfo& info, const config::Backend& endpoint) {
  const config::FamilyBackends& family = info.backends_of(endpoint.address.family());
  return position_of(*family.cluster, endpoint) || position_of(*family.local, endpoint);
}

std::size_t draining_endpoints(const Dataplane::Port& port) {
  const auto records = port.served->endpoints().all();
  return static_cast<std::size_t>(std::count_if(records.begin(), records.end(), [&port](const auto& record) {
    return record->load.open() > 0 && (!port.info || !uses(*port.info, record->endpoint));
  }));
}

bool matches(const Dataplane::Port& port, const std::string& text) {
  const config::ServicePortName& name = *port.served->name();
  if (lower(fmt::format("{}/{}:{}", name.service.ns, name.service.name, name.port)).find(text) != std::string::npos) {
    return true;
  }
  if (!port.info) return false;
  const std::vector<std::string> addresses = addresses_of(*port.info);
  return std::any_of(addresses.begin(), addresses.end(),
                     [&text](const std::string& address) { return address.find(text) != std::string::npos; });
}

/// What a service port did since the start, however its connections went.
ConnectionCounters connections_of(const Dataplane::Port& port, const SteeringView* steering) {
  const std::optional<SteeredPort> steered = steered_port(steering, port);
  return with_steered(port.served->connections(), steered ? steered->connections : SteeredCounters{});
}

double value_of(const Dataplane::Port& port, const HistoryBook& histories, const SteeringView* steering, Sort sort) {
  const History* const history = histories.of(*port.served);
  const Sample last = history ? history->last() : Sample{};
  switch (sort) {
    case Sort::kName:
      break;
    case Sort::kOpen:
      return static_cast<double>(connections_of(port, steering).open);
    case Sort::kConnections:
      return last.connections;
    case Sort::kFailures:
      return last.failures;
    case Sort::kBytes:
      return last.bytes_to_backend + last.bytes_to_client;
    case Sort::kAccepted:
      return static_cast<double>(connections_of(port, steering).accepted);
    case Sort::kEndpoints:
      return port.info ? static_cast<double>(used_endpoints(*port.info)) : 0;
    case Sort::kEjected:
      return static_cast<double>(port.served->ejections().size());
    case Sort::kP99:
      return history ? history->connect_ms(0.99).value_or(-1) : -1;
  }
  return 0;
}

struct Row {
  const Dataplane::Port* port = nullptr;
  double value = 0;
};

/// Puts the rows up to `last` in order; equal ones by name.
void sort_rows(std::vector<Row>& rows, std::size_t last, const ServiceQuery& query) {
  const auto before = [&query](const Row& a, const Row& b) {
    const auto& left = *a.port->served->name();
    const auto& right = *b.port->served->name();
    if (query.sort == Sort::kName) return query.descending ? right < left : left < right;
    if (a.value != b.value) return query.descending ? a.value > b.value : a.value < b.value;
    return left < right;
  };
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(last), rows.end(), before);
}

}  // namespace

std::size_t number_parameter(const Request& request, std::string_view name, std::size_t otherwise, std::size_t most) {
  const std::string& text = request.parameter(name);
  if (text.empty()) return otherwise;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > most) {
    throw std::invalid_argument(fmt::format("{} is a number from 0 to {}", name, most));
  }
  return number;
}

ServiceQuery ServiceQuery::parse(const Request& request) {
  ServiceQuery query;
  query.contains = lower(request.parameter("q"));
  query.ns = request.parameter("namespace");
  if (const std::string& sort = request.parameter("sort"); !sort.empty()) {
    const auto* const found =
        std::find_if(kSorts.begin(), kSorts.end(), [&sort](const auto& named) { return named.first == sort; });
    if (found == kSorts.end()) {
      throw std::invalid_argument(
          "sort is name, open, connections, failures, bytes, accepted, endpoints, ejected or p99");
    }
    query.sort = found->second;
  }
  const std::string& order = request.parameter("order");
  if (!order.empty() && order != "asc" && order != "desc") throw std::invalid_argument("order is asc or desc");
  query.descending = order.empty() ? query.sort != Sort::kName : order == "desc";
  query.offset = number_parameter(request, "offset", 0, 10'000'000);
  query.limit = number_parameter(request, "limit", 50, kMostLimit);
  query.history = request.parameter("history") == "1";
  return query;
}

Json service_port_json(const Dataplane::Port& port, const HistoryBook& histories, const SteeringView* steering,
                       bool with_history) {
  const config::ServicePortName& name = *port.served->name();
  const History* const history = histories.of(*port.served);
  const auto settings = port.info ? read_settings(port.info->annotations).settings : ServiceSettings::defaults();
  return {{"namespace", name.service.ns},
          {"name", name.service.name},
          {"port", name.port},
          {"number", port.info ? port.info->port : 0},
          {"protocol", std::string(config::to_string(name.protocol))},
          {"addresses", port.info ? addresses_of(*port.info) : std::vector<std::string>{}},
          {"removed", port.info == nullptr},
          {"loadBalancing", std::string(to_string(settings->load_balancing))},
          {"endpoints",
           {{"used", port.info ? used_endpoints(*port.info) : 0},
            {"ejected", port.served->ejections().size()},
            {"draining", draining_endpoints(port)}}},
          {"connections", connections_json(port.served->connections())},
          {"steering", steered_port_json(steered_port(steering, port))},
          {"rates", rates_json(history ? history->last() : Sample{})},
          {"connectMs", connect_json(history)},
          {"history", with_history && history ? history_json(*history) : Json(nullptr)}};
}

Json service_list_json(const std::vector<Dataplane::Port>& ports, const HistoryBook& histories,
                       const SteeringView* steering, const ServiceQuery& query) {
  std::vector<Row> rows;
  rows.reserve(ports.size());
  for (const Dataplane::Port& port : ports) {
    if (!query.ns.empty() && port.served->name()->service.ns != query.ns) continue;
    if (!query.contains.empty() && !matches(port, query.contains)) continue;
    rows.push_back({&port, value_of(port, histories, steering, query.sort)});
  }
  const std::size_t first = std::min(query.offset, rows.size());
  const std::size_t last = std::min(first + query.limit, rows.size());
  sort_rows(rows, last, query);
  Json items = Json::array();
  for (std::size_t index = first; index < last; ++index) {
    items.push_back(service_port_json(*rows[index].port, histories, steering, query.history));
  }
  return {{"total", ports.size()}, {"matched", rows.size()}, {"offset", query.offset}, {"items", std::move(items)}};
}

}  // namespace ferry::proxy
