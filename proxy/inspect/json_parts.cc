#include "proxy/inspect/json_parts.h"

#include <cmath>

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

double rounded(double value, double digits) { return std::round(value * digits) / digits; }

double rate(float value) { return rounded(value, 10); }

Json ms_or_null(std::optional<double> value) { return value ? Json(rounded(*value, 1000)) : Json(nullptr); }

}  // namespace

Json connections_json(const ConnectionCounters& counters) {
  return {{"open", counters.open},
          {"accepted", counters.accepted},
          {"failed", counters.failed},
          {"retried", counters.retried},
          {"bytesToBackend", counters.bytes_to_backend},
          {"bytesToClient", counters.bytes_to_client}};
}

Json rates_json(const Sample& sample) {
  return {{"connections", rate(sample.connections)},
          {"failures", rate(sample.failures)},
          {"bytesToBackend", rate(sample.bytes_to_backend)},
          {"bytesToClient", rate(sample.bytes_to_client)}};
}

Json connect_json(const History* history) {
  const auto value = [&](double share) { return history ? history->connect_ms(share) : std::nullopt; };
  return {{"p50", ms_or_null(value(0.5))}, {"p99", ms_or_null(value(0.99))}};
}

Json history_json(const History& history) {
  Json connections = Json::array();
  Json failures = Json::array();
  Json open = Json::array();
  Json bytes = Json::array();
  Json p99 = Json::array();
  for (std::size_t index = 0; index < history.size(); ++index) {
    const Sample& sample = history.at(index);
    connections.push_back(rate(sample.connections));
    failures.push_back(rate(sample.failures));
    open.push_back(sample.open);
    bytes.push_back(rate(sample.bytes_to_backend + sample.bytes_to_client));
    p99.push_back(sample.connect_p99_ms < 0 ? Json(nullptr) : Json(rounded(sample.connect_p99_ms, 1000)));
  }
  return {{"interval", 5},
          {"connections", std::move(connections)},
          {"failures", std::move(failures)},
          {"open", std::move(open)},
          {"bytes", std::move(bytes)},
          {"connectP99Ms", std::move(p99)}};
}

Json time_json(std::chrono::system_clock::time_point time) {
  if (time == std::chrono::system_clock::time_point{}) return nullptr;
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string place_text(const config::IpAddress& address, std::uint16_t port) {
  const std::string text = address.to_string();
  return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), text, port);
}

std::vector<std::string> addresses_of(const config::ServicePortInfo& info) {
  std::vector<std::string> texts;
  for (const auto* const list : {&info.cluster_ips, &info.external_ips, &info.load_balancer_ips}) {
    for (const config::IpAddress& address : *list) texts.push_back(place_text(address, info.port));
  }
  if (info.node_port != 0) texts.push_back(fmt::format("*:{}", info.node_port));
  return texts;
}

}  // namespace ferry::proxy
