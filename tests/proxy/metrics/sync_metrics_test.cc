#include "proxy/metrics/sync_metrics.h"

#include <gtest/gtest.h>

#include "proxy/metrics/metrics_page.h"

namespace ferry::proxy {
namespace {

using config::ServicePortChange;
using config::ServicePortInfo;

std::shared_ptr<const ServicePortInfo> info(std::uint16_t port, const std::string& backend) {
  auto made = std::make_shared<ServicePortInfo>();
  made->port = port;
  auto set = std::make_shared<config::BackendSet>();
  set->backends.push_back({.address = *config::IpAddress::parse(backend), .port = 80});
  made->backends[0].cluster = std::move(set);
  return made;
}

std::string render(const SyncMetrics& metrics) {
  MetricsPage page;
  page.add([&metrics] { return metrics.collect(); });
  return page.render().body;
}

std::string changes(const std::string& services, const std::string& endpoints) {
  return "services " + services + ", endpoints " + endpoints;
}

/// What the two counters say after one batch.
std::string counted(const std::vector<ServicePortChange>& batch) {
  SyncMetrics metrics;
  metrics.applied(batch, {}, {});
  const std::string text = render(metrics);
  const auto value_of = [&text](const std::string& name) {
    const auto start = text.find("\n" + name + " ") + name.size() + 2;
    return text.substr(start, text.find('\n', start) - start);
  };
  return changes(value_of("kubeproxy_sync_proxy_rules_service_changes_total"),
                 value_of("kubeproxy_sync_proxy_rules_endpoint_changes_total"));
}

TEST(SyncMetrics, NothingChangedIsNothingCounted) { EXPECT_EQ(counted({}), changes("0", "0")); }

TEST(SyncMetrics, TellsServiceChangesFromEndpointChanges) {
  const auto web = info(80, "10.0.0.1");
  EXPECT_EQ(counted({{.name = {}, .before = nullptr, .after = web}}), changes("1", "1"));
  EXPECT_EQ(counted({{.name = {}, .before = web, .after = nullptr}}), changes("1", "1"));
  EXPECT_EQ(counted({{.name = {}, .before = web, .after = info(81, "10.0.0.1")}}), changes("1", "0"));
  EXPECT_EQ(counted({{.name = {}, .before = web, .after = info(80, "10.0.0.2")}}), changes("0", "1"));
  EXPECT_EQ(counted({{.name = {}, .before = nullptr, .after = std::make_shared<ServicePortInfo>()}}),
            changes("1", "0"));
}

TEST(SyncMetrics, RemembersWhenAndHowLong) {
  SyncMetrics metrics;
  metrics.applied({}, std::chrono::system_clock::time_point{std::chrono::seconds{1000}},
                  std::chrono::milliseconds{500});
  const std::string text = render(metrics);
  EXPECT_NE(text.find("kubeproxy_sync_proxy_rules_last_timestamp_seconds 1000\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds 999.5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kubeproxy_sync_proxy_rules_duration_seconds_count 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kubeproxy_sync_proxy_rules_duration_seconds_bucket{le=\"1\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kubeproxy_sync_proxy_rules_duration_seconds_bucket{le=\"0.1\"} 0\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace ferry::proxy
