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

/// A service port with an endpoint on another node, and one on this node for `local`, under Local policies.
std::shared_ptr<const ServicePortInfo> policed(bool internal, bool external, bool local) {
  auto made = std::make_shared<ServicePortInfo>(*info(80, "10.0.0.1"));
  if (internal) made->internal_traffic_policy = config::TrafficPolicy::kLocal;
  if (external) made->external_traffic_policy = config::TrafficPolicy::kLocal;
  made->node_port = 30000;
  made->backends[0].any_usable = true;
  if (local) made->backends[0].local = made->backends[0].cluster;
  return made;
}

std::string none_local(const SyncMetrics& metrics) {
  const std::string text = render(metrics);
  const auto value_of = [&text](const std::string& policy) {
    const std::string name = "kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy=\"" + policy + "\"} ";
    const auto start = text.find(name) + name.size();
    return policy + " " + text.substr(start, text.find('\n', start) - start);
  };
  return value_of("internal") + ", " + value_of("external");
}

TEST(SyncMetrics, TellsHowManyServicePortsHaveEndpointsOnOtherNodesAlone) {
  SyncMetrics metrics;
  EXPECT_EQ(none_local(metrics), "internal 0, external 0");
  const auto add = [&metrics](std::shared_ptr<const ServicePortInfo> before,
                              std::shared_ptr<const ServicePortInfo> after) {
    metrics.applied({{.name = {}, .before = std::move(before), .after = std::move(after)}}, {}, {});
    return none_local(metrics);
  };
  EXPECT_EQ(add(nullptr, policed(false, false, false)), "internal 0, external 0") << "no policy";
  EXPECT_EQ(add(nullptr, policed(true, true, true)), "internal 0, external 0") << "a local endpoint";
  EXPECT_EQ(add(nullptr, policed(true, false, false)), "internal 1, external 0");
  EXPECT_EQ(add(nullptr, policed(true, true, false)), "internal 2, external 1");
  EXPECT_EQ(add(policed(true, true, false), policed(true, true, true)), "internal 1, external 0");
  EXPECT_EQ(add(policed(true, false, false), nullptr), "internal 0, external 0");

  auto inside_only = std::make_shared<ServicePortInfo>(*policed(false, true, false));
  inside_only->node_port = 0;
  EXPECT_EQ(add(nullptr, inside_only), "internal 0, external 0") << "nothing reaches it from outside";
  auto without = std::make_shared<ServicePortInfo>(*policed(true, true, false));
  without->backends[0].any_usable = false;
  EXPECT_EQ(add(nullptr, without), "internal 0, external 0") << "no endpoint anywhere";
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
