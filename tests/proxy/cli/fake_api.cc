#include "tests/proxy/cli/fake_api.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <spdlog/fmt/fmt.h>

namespace ferry::testing {

namespace {

constexpr const char* kStatus = R"({
  "version": "0.1.0", "node": "node-1", "startedAt": "2026-11-25T21:49:46Z", "now": "2026-11-25T22:00:00Z",
  "synced": true, "healthy": true, "lastChangeAt": null, "watches": [], "files": [],
  "servicePorts": 3, "endpointsEjected": 1, "unserved": 0,
  "connections": {"open": 3, "accepted": 100, "failed": 0, "retried": 1, "bytesToBackend": 5000, "bytesToClient": 90000},
  "rates": {"connections": 1.5, "failures": 0.25, "bytesToBackend": 10.5, "bytesToClient": 2048},
  "connectMs": {"p50": 0.2, "p99": 1.1}, "history": null})";

constexpr const char* kWeb = R"({
  "namespace": "default", "name": "web", "port": "http", "protocol": "TCP", "addresses": ["10.96.0.10:80", "*:30080"],
  "removed": false, "loadBalancing": "round-robin", "endpoints": {"used": 3, "ejected": 1, "draining": 1},
  "connections": {"open": 3, "accepted": 100, "failed": 2, "retried": 1, "bytesToBackend": 5000, "bytesToClient": 90000},
  "rates": {"connections": 1.5, "failures": 0.25, "bytesToBackend": 10.5, "bytesToClient": 2048},
  "connectMs": {"p50": 0.2, "p99": 1.1}, "history": null, "number": 80,
  "settings": [{"key": "kube-ferry.io/max-connections", "value": "100", "inForce": "100", "error": ""},
               {"key": "kube-ferry.io/load-balancing", "value": "magic", "inForce": "round-robin",
                "error": "give round-robin, least-connections or maglev"}],
  "words": ["connections to 10.96.0.10:80 are carried to 2 of 5 endpoints, round robin"],
  "endpointList": [
    {"address": "10.244.1.7", "port": 8080, "node": "node-1", "local": true, "state": "used", "why": "",
     "connections": {"open": 2, "accepted": 60, "failed": 0, "retried": 0, "bytesToBackend": 3000, "bytesToClient": 50000},
     "connectMs": 0.4},
    {"address": "10.244.2.7", "port": 8080, "node": "node-2", "local": false, "state": "ejected",
     "why": "refused a connection 3 s ago; left out for 2 s more",
     "connections": {"open": 0, "accepted": 12, "failed": 2, "retried": 0, "bytesToBackend": 0, "bytesToClient": 0},
     "connectMs": null},
    {"address": "10.244.2.8", "port": 8080, "node": "node-2", "local": false, "state": "terminating",
     "why": "no ready endpoint is left",
     "connections": {"open": 1, "accepted": 28, "failed": 0, "retried": 1, "bytesToBackend": 2000, "bytesToClient": 40000},
     "connectMs": 12.5},
    {"address": "10.244.3.7", "port": 8080, "node": "", "local": false, "state": "draining", "why": "not ready",
     "connections": {"open": 1, "accepted": 4, "failed": 0, "retried": 0, "bytesToBackend": 1, "bytesToClient": 2},
     "connectMs": 0.3},
    {"address": "fd00::7", "port": 8080, "node": "node-3", "local": false, "state": "unused", "why": "in another zone",
     "connections": {"open": 0, "accepted": 0, "failed": 0, "retried": 0, "bytesToBackend": 0, "bytesToClient": 0},
     "connectMs": null}]})";

constexpr const char* kConnections = R"({
  "open": 3, "shown": 2, "clientsHidden": false,
  "items": [{"client": "10.244.0.5:51234", "namespace": "default", "name": "web", "port": "http",
             "address": "10.96.0.10:80", "endpoint": "10.244.1.7:8080", "state": "carried", "attempts": 1,
             "bytesToBackend": 100, "bytesToClient": 2000, "ageMs": 125000, "idleMs": 3, "worker": 0},
            {"client": null, "namespace": "default", "name": "db", "port": "",
             "address": "10.96.0.11:5432", "endpoint": null, "state": "dialling", "attempts": 2,
             "bytesToBackend": 0, "bytesToClient": 0, "ageMs": 900, "idleMs": 900, "worker": 1}]})";

/// A quiet service port, to be filled in.
Json quiet(const std::string& namespace_name, const std::string& name, const std::string& port, unsigned number,
           const std::string& protocol, const std::string& address) {
  Json json = Json::parse(kWeb);
  json["namespace"] = namespace_name;
  json["name"] = name;
  json["port"] = port;
  json["protocol"] = protocol;
  json["addresses"] = Json::array({fmt::format("{}:{}", address, number)});
  json["endpoints"] = Json::parse(R"({"used": 0, "ejected": 0, "draining": 0})");
  for (auto& [key, value] : json["connections"].items()) value = 0;
  for (auto& [key, value] : json["rates"].items()) value = 0;
  json["connectMs"] = Json::parse(R"({"p50": null, "p99": null})");
  json["number"] = number;
  json["settings"] = Json::array();
  json["words"] = Json::array();
  json["endpointList"] = Json::array();
  return json;
}

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::map<std::string, std::string> query_of(std::string_view target) {
  std::map<std::string, std::string> query;
  const auto mark = target.find('?');
  std::string_view rest = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    const auto equals = std::min(pair.find('='), pair.size());
    query[decoded(pair.substr(0, equals))] = decoded(pair.substr(std::min(equals + 1, pair.size())));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
  }
  return query;
}

std::string name_in(const Json& port) {
  return fmt::format("{}/{}:{}", port["namespace"].get<std::string>(), port["name"].get<std::string>(),
                     port["port"].get<std::string>());
}

bool found(const Json& port, const std::string& text) {
  bool result = name_in(port).find(text) != std::string::npos;
  for (const Json& address : port["addresses"]) result |= address.get<std::string>().find(text) != std::string::npos;
  return result;
}

double number_in(const Json& port, const std::string& sort) {
  if (sort == "open" || sort == "accepted") return port["connections"][sort].get<double>();
  if (sort == "connections" || sort == "failures") return port["rates"][sort].get<double>();
  if (sort == "bytes") {
    return port["rates"]["bytesToBackend"].get<double>() + port["rates"]["bytesToClient"].get<double>();
  }
  if (sort == "endpoints") return port["endpoints"]["used"].get<double>();
  if (sort == "ejected") return port["endpoints"]["ejected"].get<double>();
  if (sort == "p99" && port["connectMs"]["p99"].is_number()) return port["connectMs"]["p99"].get<double>();
  return 0;
}

FakeAnswer refusal(unsigned status, const std::string& sentence) { return {status, Json{{"error", sentence}}.dump()}; }

std::string value_or(const std::map<std::string, std::string>& query, const std::string& key,
                     const std::string& otherwise) {
  const auto at = query.find(key);
  return at == query.end() ? otherwise : at->second;
}

}  // namespace

FakeApi::FakeApi(std::size_t others) : status(Json::parse(kStatus)), connections(Json::parse(kConnections)) {
  service_ports.push_back(Json::parse(kWeb));
  service_ports.push_back(quiet("default", "db", "", 5432, "TCP", "10.96.0.11"));
  service_ports.push_back(quiet("kube-system", "dns", "dns", 53, "UDP", "10.96.0.12"));
  service_ports.back()["endpoints"]["used"] = 2;
  service_ports.back()["rates"]["connections"] = 40.25;
  for (std::size_t i = 0; i < others; ++i) {
    service_ports.push_back(
        quiet("load", fmt::format("svc-{:04}", i), "", 80, "TCP", fmt::format("10.97.{}.{}", i / 250, i % 250)));
    service_ports.back()["connections"]["accepted"] = i;
  }
  status["servicePorts"] = service_ports.size();
}

FakeAnswer FakeApi::get(const std::string& target) const {
  if (const auto other = instead.find(target); other != instead.end()) return other->second;
  const std::string path = target.substr(0, target.find('?'));
  if (path == "/api/status") return {200, status.dump()};
  if (path == "/api/services") return list(query_of(target));
  if (path.starts_with("/api/services/")) return service(path);
  if (path == "/api/connections") return {200, connections.dump()};
  return refusal(404, "there is no such page");
}

FakeAnswer FakeApi::list(const std::map<std::string, std::string>& query) const {
  const std::string sort = value_or(query, "sort", "name");
  const bool descending = value_or(query, "order", sort == "name" ? "asc" : "desc") == "desc";
  std::vector<const Json*> matched;
  for (const Json& port : service_ports) {
    if (found(port, value_or(query, "q", ""))) matched.push_back(&port);
  }
  std::stable_sort(matched.begin(), matched.end(),
                   [](const Json* a, const Json* b) { return name_in(*a) < name_in(*b); });
  std::stable_sort(matched.begin(), matched.end(), [&](const Json* a, const Json* b) {
    if (sort == "name") return descending && name_in(*a) > name_in(*b);
    return descending ? number_in(*a, sort) > number_in(*b, sort) : number_in(*a, sort) < number_in(*b, sort);
  });
  const auto offset = std::stoul(value_or(query, "offset", "0"));
  const auto limit = std::stoul(value_or(query, "limit", "50"));
  if (limit > 500) return refusal(400, "limit: at most 500");
  Json answer{{"total", service_ports.size()}, {"matched", matched.size()}, {"offset", offset}};
  answer["items"] = Json::array();
  for (std::size_t i = offset; i < matched.size() && i < offset + limit; ++i) {
    Json item = *matched[i];
    for (const char* const own : {"number", "settings", "words", "endpointList"}) item.erase(own);
    answer["items"].push_back(std::move(item));
  }
  return {200, answer.dump()};
}

FakeAnswer FakeApi::service(const std::string& path) const {
  Json ports = Json::array();
  std::string namespace_name;
  std::string name;
  const std::string wanted = decoded(path).substr(std::string_view("/api/services/").size());
  for (const Json& port : service_ports) {
    const auto& its_namespace = port["namespace"].get_ref<const std::string&>();
    const auto& its_name = port["name"].get_ref<const std::string&>();
    const bool fits = wanted.size() == its_namespace.size() + 1 + its_name.size() && wanted.ends_with(its_name) &&
                      wanted.starts_with(its_namespace + "/");
    if (!fits) continue;
    namespace_name = its_namespace;
    name = its_name;
    ports.push_back(port);
  }
  if (ports.empty()) return refusal(404, "there is no service " + wanted);
  Json answer{{"namespace", namespace_name}, {"name", name}};
  answer["ports"] = std::move(ports);
  return {200, answer.dump()};
}

}  // namespace ferry::testing
