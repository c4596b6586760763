#include "proxy/daemon/watch_metrics.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

namespace ferry::proxy {
namespace {

using watch::FileSourceStatus;
using watch::ReflectorStatus;

constexpr std::array<const char*, 4> kEventNames = {"added", "modified", "deleted", "bookmark"};

/// One family with a sample for each element, labelled by what `label` says of it.
template <class Status, class Label, class Value>
prometheus::MetricFamily each(prometheus::MetricFamily family, const std::vector<Status>& all, Label label,
                              Value value) {
  for (const Status& one : all) add_sample(family, static_cast<double>(value(one)), {label(one)});
  return family;
}

prometheus::ClientMetric::Label label(std::string name, std::string value) {
  prometheus::ClientMetric::Label made;
  made.name = std::move(name);
  made.value = std::move(value);
  return made;
}

prometheus::ClientMetric::Label resource_of(const ReflectorStatus& status) {
  return label("resource", status.resource);
}

prometheus::ClientMetric::Label path_of(const FileSourceStatus& status) { return label("path", status.path); }

double seconds_since_1970(const ReflectorStatus& status) {
  if (!status.last_event) return 0;
  return std::chrono::duration<double>(status.last_event->time_since_epoch()).count();
}

}  // namespace

MetricFamilies watch_metrics(const std::vector<ReflectorStatus>& resources) {
  MetricFamilies families;
  const auto add_counter = [&](const char* name, const char* help, auto value) {
    families.push_back(each(counter_family(name, help), resources, resource_of, value));
  };
  const auto add_gauge = [&](const char* name, const char* help, auto value) {
    families.push_back(each(gauge_family(name, help), resources, resource_of, value));
  };
  add_gauge("kube_ferry_watch_synced", "1 once the resource was listed whole.",
            [](const ReflectorStatus& s) { return s.synced ? 1 : 0; });
  add_gauge("kube_ferry_watch_open", "1 while a watch is open.",
            [](const ReflectorStatus& s) { return s.watching ? 1 : 0; });
  add_gauge("kube_ferry_watch_last_event_timestamp_seconds", "When the last event came; 0: none yet.",
            seconds_since_1970);
  add_counter("kube_ferry_watch_lists_total", "Lists that were complete.",
              [](const ReflectorStatus& s) { return s.lists; });
  add_counter("kube_ferry_watch_relists_total", "Complete lists after the first.",
              [](const ReflectorStatus& s) { return s.relists; });
  add_counter("kube_ferry_watch_watches_total", "Watches opened.", [](const ReflectorStatus& s) { return s.watches; });
  add_counter("kube_ferry_watch_skipped_objects_total", "Objects skipped because they could not be read.",
              [](const ReflectorStatus& s) { return s.skipped; });
  add_counter("kube_ferry_watch_partly_read_objects_total", "Objects of which a part could not be read.",
              [](const ReflectorStatus& s) { return s.partly; });

  prometheus::MetricFamily events = counter_family("kube_ferry_watch_events_total", "Events heard, by type.");
  prometheus::MetricFamily failures = counter_family("kube_ferry_watch_failures_total",
                                                     "Requests to the API server that failed, by kind or HTTP status.");
  for (const ReflectorStatus& status : resources) {
    for (std::size_t type = 0; type < kEventNames.size(); ++type) {
      add_sample(events, static_cast<double>(status.events[type]),
                 {resource_of(status), label("type", kEventNames[type])});
    }
    for (const auto& [kind, count] : status.failures) {
      add_sample(failures, static_cast<double>(count), {resource_of(status), label("kind", kind)});
    }
  }
  families.push_back(std::move(events));
  families.push_back(std::move(failures));
  return families;
}

MetricFamilies file_metrics(const std::vector<FileSourceStatus>& files) {
  MetricFamilies families;
  if (files.empty()) return families;
  families.push_back(each(counter_family("kube_ferry_file_loads_total", "Times the manifests were read and taken."),
                          files, path_of, [](const FileSourceStatus& s) { return s.loads; }));
  families.push_back(each(counter_family("kube_ferry_file_failures_total", "Times a manifest was broken."), files,
                          path_of, [](const FileSourceStatus& s) { return s.failures; }));
  families.push_back(
      each(gauge_family("kube_ferry_file_good", "0 while a manifest is broken and the last good state serves."), files,
           path_of, [](const FileSourceStatus& s) { return s.last_error.empty() ? 1 : 0; }));
  return families;
}

}  // namespace ferry::proxy
