#include "proxy/metrics/path_families.h"

#include <utility>

namespace ferry::proxy {

namespace {

ConnectionCounters as_connections(const SteeredCounters& steered) {
  ConnectionCounters counters;
  counters.accepted = steered.dialled;
  counters.open = steered.open();
  counters.failed = steered.failed;
  counters.bytes_to_backend = steered.bytes_to_endpoint;
  counters.bytes_to_client = steered.bytes_to_client;
  return counters;
}

void include_path(PathFamilies& families, const std::string& path, const ConnectionCounters& counters,
                  const MetricLabels& labels) {
  const MetricLabels by_path = with(labels, "path", path);
  add_sample(families.accepted, number(counters.accepted), by_path);
  add_sample(families.open, number(counters.open), by_path);
  add_sample(families.failed, number(counters.failed), by_path);
  add_sample(families.bytes, number(counters.bytes_to_backend), with(by_path, "direction", "to_backend"));
  add_sample(families.bytes, number(counters.bytes_to_client), with(by_path, "direction", "to_client"));
}

}  // namespace

MetricLabels with(MetricLabels labels, std::string name, std::string value) {
  labels.push_back({std::move(name), std::move(value)});
  return labels;
}

void PathFamilies::include(const ConnectionCounters& relayed, const SteeredCounters& steered,
                           const MetricLabels& labels) {
  include_path(*this, "relay", relayed, labels);
  include_path(*this, "steered", as_connections(steered), labels);
}

}  // namespace ferry::proxy
