#include "proxy/metrics/metric_family.h"

#include <iterator>
#include <limits>
#include <utility>

namespace ferry::proxy {

namespace {

prometheus::MetricFamily family_of(prometheus::MetricType type, std::string name, std::string help) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}

}  // namespace

prometheus::MetricFamily counter_family(std::string name, std::string help) {
  return family_of(prometheus::MetricType::Counter, std::move(name), std::move(help));
}

prometheus::MetricFamily gauge_family(std::string name, std::string help) {
  return family_of(prometheus::MetricType::Gauge, std::move(name), std::move(help));
}

void add_sample(prometheus::MetricFamily& family, double value, MetricLabels labels) {
  prometheus::ClientMetric sample;
  sample.label = std::move(labels);
  if (family.type == prometheus::MetricType::Counter) {
    sample.counter.value = value;
  } else {
    sample.gauge.value = value;
  }
  family.metric.push_back(std::move(sample));
}

prometheus::MetricFamily histogram_family(std::string name, std::string help) {
  return family_of(prometheus::MetricType::Histogram, std::move(name), std::move(help));
}

void add_histogram(prometheus::MetricFamily& family, const HistogramSample& sample, MetricLabels labels) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram.sample_count = sample.total;
  metric.histogram.sample_sum = sample.sum;
  for (const auto& [bound, count] : sample.bounds) metric.histogram.bucket.push_back({count, bound});
  metric.histogram.bucket.push_back({sample.total, std::numeric_limits<double>::infinity()});
  family.metric.push_back(std::move(metric));
}

prometheus::MetricFamily counter(std::string name, std::string help, double value) {
  prometheus::MetricFamily family = counter_family(std::move(name), std::move(help));
  add_sample(family, value);
  return family;
}

prometheus::MetricFamily gauge(std::string name, std::string help, double value) {
  prometheus::MetricFamily family = gauge_family(std::move(name), std::move(help));
  add_sample(family, value);
  return family;
}

void append(MetricFamilies& into, MetricFamilies from) {
  into.insert(into.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace ferry::proxy
