#include "proxy/inspect/history.h"

namespace ferry::proxy {

namespace {

std::optional<double> quantile_ms(const ConnectTimes::Counts& counts, double share) {
  const auto value = quantile<ConnectBounds>(counts, share);
  return value ? std::optional(static_cast<double>(value->count()) / 1000) : std::nullopt;
}

}  // namespace

void History::add(const ConnectionCounters& counters, const ConnectTimes::Counts& connect_times,
                  std::chrono::duration<double> interval) {
  const ConnectTimes::Counts former = connect_times_[newest_];
  newest_ = (newest_ + 1) % connect_times_.size();
  connect_times_[newest_] = connect_times;
  const ConnectionCounters before = counters_;
  counters_ = counters;
  if (!begun_) {
    connect_times_.fill(connect_times);
    begun_ = true;
    return;
  }
  // What was steered is forgotten once its service port is gone, which may have carried connections still.
  const auto rate = [&](std::uint64_t now, std::uint64_t then) {
    return now > then ? static_cast<float>(static_cast<double>(now - then) / interval.count()) : 0;
  };
  Sample& sample = samples_[next_];
  sample.connections = rate(counters.accepted, before.accepted);
  sample.failures = rate(counters.failed, before.failed);
  sample.bytes_to_backend = rate(counters.bytes_to_backend, before.bytes_to_backend);
  sample.bytes_to_client = rate(counters.bytes_to_client, before.bytes_to_client);
  sample.open = static_cast<std::uint32_t>(counters.open);
  sample.connect_p99_ms = static_cast<float>(quantile_ms(connect_times.since(former), 0.99).value_or(-1));
  next_ = (next_ + 1) % kSamples;
  if (size_ < kSamples) ++size_;
}

std::optional<double> History::connect_ms(double share) const {
  const std::size_t oldest = (newest_ + 1) % connect_times_.size();
  return quantile_ms(connect_times_[newest_].since(connect_times_[oldest]), share);
}

}  // namespace ferry::proxy
