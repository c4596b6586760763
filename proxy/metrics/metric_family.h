#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

namespace ferry::proxy {

using MetricFamilies = std::vector<prometheus::MetricFamily>;
using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

/// A count as metrics carry it.
inline double number(std::uint64_t value) { return static_cast<double>(value); }

/// A family without samples, to be filled with add_sample.
prometheus::MetricFamily counter_family(std::string name, std::string help);
prometheus::MetricFamily gauge_family(std::string name, std::string help);

/// Adds one sample to a family of either kind.
void add_sample(prometheus::MetricFamily& family, double value, MetricLabels labels = {});

/// A family of histograms, to be filled with add_histogram.
prometheus::MetricFamily histogram_family(std::string name, std::string help);

/// One histogram: for each of `bounds`, ascending, how many lie at or below it; `total` of all, and their sum.
struct HistogramSample {
  std::vector<std::pair<double, std::uint64_t>> bounds;
  std::uint64_t total = 0;
  double sum = 0;
};
void add_histogram(prometheus::MetricFamily& family, const HistogramSample& sample, MetricLabels labels = {});

/// A family of one sample without labels.
prometheus::MetricFamily counter(std::string name, std::string help, double value);
prometheus::MetricFamily gauge(std::string name, std::string help, double value);

/// Moves every family of `from` to the end of `into`.
void append(MetricFamilies& into, MetricFamilies from);

}  // namespace ferry::proxy
