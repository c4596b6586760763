#include "proxy/metrics/service_metrics.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "config/ip_address.h"
#include "proxy/metrics/path_families.h"

namespace ferry::proxy {

namespace {

void add(ConnectionCounters& sum, const ConnectionCounters& more) {
  sum.accepted += more.accepted;
  sum.open += more.open;
  sum.failed += more.failed;
  sum.retried += more.retried;
  sum.bytes_to_backend += more.bytes_to_backend;
  sum.bytes_to_client += more.bytes_to_client;
}

struct ByEndpoint {
  bool operator()(const config::Backend& a, const config::Backend& b) const {
    return a.address != b.address ? a.address < b.address : a.port < b.port;
  }
};

/// A service port that was removed and came back stands twice while its old connections live: one sum for both.
struct Sums {
  ConnectionCounters connections;
  SteeredCounters steered;
  std::uint64_t ejections = 0;
  ConnectTimes::Counts connect;
  LifeTimes::Counts life;
  std::map<config::Backend, ConnectionCounters, ByEndpoint> endpoints;

  void include(const ServicePortSnapshot& entry) {
    add(connections, entry.connections);
    if (!entry.detail) return;
    ejections += entry.detail->ejections;
    connect += entry.detail->connect_times;
    life += entry.detail->life_times;
    for (const EndpointSnapshot& one : entry.detail->endpoints) add(endpoints[one.endpoint], one.connections);
  }
};

/// Those of the steps' ends that are shown, in microseconds: a series for each would be three times as many.
constexpr std::array<std::int64_t, 7> kConnectBounds{200, 1'000, 5'000, 20'000, 100'000, 500'000, 2'000'000};

template <typename Bounds, std::size_t Shown>
HistogramSample sample_of(const typename Durations<Bounds>::Counts& counts,
                          const std::array<std::int64_t, Shown>& shown) {
  HistogramSample sample;
  std::uint64_t so_far = 0;
  for (std::size_t step = 0; step < Bounds::kBounds.size(); ++step) {
    so_far += counts.counts[step];
    if (std::find(shown.begin(), shown.end(), Bounds::kBounds[step]) != shown.end()) {
      sample.bounds.emplace_back(static_cast<double>(Bounds::kBounds[step]) / 1e6, so_far);
    }
  }
  sample.total = counts.total();
  sample.sum = number(counts.sum_microseconds) / 1e6;
  return sample;
}

MetricLabels labels_of(const config::ServicePortName& name) {
  return {{"namespace", name.service.ns},
          {"service", name.service.name},
          {"port", name.port},
          {"protocol", std::string(config::to_string(name.protocol))}};
}

struct ServiceFamilies {
  PathFamilies by_path{
      counter_family("kube_ferry_service_connections_accepted_total", "Connections accepted or steered, by service."),
      gauge_family("kube_ferry_service_connections_open", "Connections being dialled or open now, by service."),
      counter_family("kube_ferry_service_connections_failed_total", "Connections that no endpoint took, by service."),
      counter_family("kube_ferry_service_bytes_total",
                     "Bytes carried, by service and direction; those of a steered connection once it has ended.")};
  prometheus::MetricFamily retried =
      counter_family("kube_ferry_service_dial_retries_total", "Dials beyond the first, by service.");
  prometheus::MetricFamily ejections =
      counter_family("kube_ferry_service_ejections_total",
                     "Times an endpoint was left out for a while because it had not taken a connection, by service.");
  prometheus::MetricFamily connect = histogram_family("kube_ferry_service_connect_duration_seconds",
                                                      "How long dials took that brought a connection, by service.");
  prometheus::MetricFamily life = histogram_family("kube_ferry_service_connection_duration_seconds",
                                                   "How long connections lasted that have ended, by service.");

  void include(const Sums& sums, const MetricLabels& labels) {
    by_path.include(sums.connections, sums.steered, labels);
    add_sample(retried, number(sums.connections.retried), labels);
    add_sample(ejections, number(sums.ejections), labels);
    if (sums.connect.total() > 0)
      add_histogram(connect, sample_of<ConnectBounds>(sums.connect, kConnectBounds), labels);
    if (sums.life.total() > 0) add_histogram(life, sample_of<LifeBounds>(sums.life, LifeBounds::kBounds), labels);
  }
};

struct EndpointFamilies {
  prometheus::MetricFamily dials =
      counter_family("kube_ferry_endpoint_dials_total", "Dials, and UDP flows, by endpoint.");
  prometheus::MetricFamily open =
      gauge_family("kube_ferry_endpoint_connections_open", "Connections being dialled or carried now, by endpoint.");
  prometheus::MetricFamily failed =
      counter_family("kube_ferry_endpoint_dial_failures_total", "Dials that brought no connection, by endpoint.");
  prometheus::MetricFamily retried =
      counter_family("kube_ferry_endpoint_dial_retries_total",
                     "Dials of connections that another endpoint had not taken, by endpoint.");
  prometheus::MetricFamily bytes =
      counter_family("kube_ferry_endpoint_bytes_total", "Bytes carried, by endpoint and direction.");

  void include(const ConnectionCounters& sum, const MetricLabels& labels) {
    add_sample(dials, number(sum.accepted), labels);
    add_sample(open, number(sum.open), labels);
    add_sample(failed, number(sum.failed), labels);
    add_sample(retried, number(sum.retried), labels);
    add_sample(bytes, number(sum.bytes_to_backend), with(labels, "direction", "to_backend"));
    add_sample(bytes, number(sum.bytes_to_client), with(labels, "direction", "to_client"));
  }
};

std::string place_of(const config::Backend& endpoint) {
  const std::string address = endpoint.address.to_string();
  return (endpoint.address.is_v4() ? address : "[" + address + "]") + ":" + std::to_string(endpoint.port);
}

}  // namespace

MetricFamilies service_metrics(const std::vector<ServicePortSnapshot>& service_ports,
                               const std::map<config::ServicePortName, SteeredPort>& steered,
                               std::size_t most_endpoints) {
  std::map<config::ServicePortName, Sums> used;
  for (const ServicePortSnapshot& entry : service_ports) {
    if (entry.connections.accepted > 0) used[*entry.name].include(entry);
  }
  for (const auto& [name, port] : steered) {
    if (port.connections.dialled > 0) used[name].steered = port.connections;
  }
  ServiceFamilies services;
  EndpointFamilies endpoints;
  std::size_t shown = 0;
  std::size_t left_out = 0;
  for (const auto& [name, sums] : used) {
    const MetricLabels labels = labels_of(name);
    services.include(sums, labels);
    for (const auto& [endpoint, connections] : sums.endpoints) {
      if (shown == most_endpoints) {
        ++left_out;
        continue;
      }
      ++shown;
      endpoints.include(connections, with(labels, "endpoint", place_of(endpoint)));
    }
  }
  MetricFamilies families;
  for (auto* const family :
       {&services.by_path.accepted, &services.by_path.open, &services.by_path.failed, &services.retried,
        &services.by_path.bytes, &services.ejections, &services.connect, &services.life, &endpoints.dials,
        &endpoints.open, &endpoints.failed, &endpoints.retried, &endpoints.bytes}) {
    families.push_back(std::move(*family));
  }
  families.push_back(
      gauge("kube_ferry_endpoint_series_left_out",
            "Endpoints that had connections and have no series, because --metrics-endpoints allows no more.",
            number(left_out)));
  return families;
}

}  // namespace ferry::proxy
