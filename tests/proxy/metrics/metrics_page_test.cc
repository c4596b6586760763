#include "proxy/metrics/metrics_page.h"

#include <gtest/gtest.h>

#include "proxy/metrics/probe_metrics.h"
#include "proxy/metrics/store_metrics.h"

namespace ferry::proxy {
namespace {

TEST(MetricsPage, WithoutSourcesIsEmpty) {
  const Response answer = MetricsPage().render();
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST(MetricsPage, AsksEverySourceAnewAndInOrder) {
  int asked = 0;
  MetricsPage page;
  page.add([&asked] { return MetricFamilies{counter("asked_total", "Times asked.", ++asked)}; });
  page.add([] { return MetricFamilies{gauge("second", "The second.", 2)}; });
  page.render();
  EXPECT_EQ(page.render().body,
            "# HELP asked_total Times asked.\n# TYPE asked_total counter\nasked_total 2\n"
            "# HELP second The second.\n# TYPE second gauge\nsecond 2\n");
}

TEST(MetricsPage, LabelValuesAreEscaped) {
  MetricsPage page;
  page.add([] {
    auto family = gauge_family("state", "A state.");
    add_sample(family, 1, {{"text", "a \"b\"\\\n"}});
    return MetricFamilies{family};
  });
  EXPECT_NE(page.render().body.find(R"(state{text="a \"b\"\\\n"} 1)"), std::string::npos);
}

TEST(ProbeMetrics, BothAnswersExistBeforeTheFirstProbe) {
  ProbeMetrics probes;
  probes.count_healthz(503);
  probes.count_healthz(503);
  probes.count_livez(200);
  MetricsPage page;
  page.add([&probes] { return probes.collect(); });
  const std::string text = page.render().body;
  EXPECT_NE(text.find("kubeproxy_proxy_healthz_total{code=\"200\"} 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kubeproxy_proxy_healthz_total{code=\"503\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kubeproxy_proxy_livez_total{code=\"200\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kubeproxy_proxy_livez_total{code=\"503\"} 0\n"), std::string::npos) << text;
}

TEST(StoreMetrics, ShowWhatTheStoreHolds) {
  MetricsPage page;
  page.add(
      [] { return store_metrics({.services = 3, .slices = 4, .service_ports = 5, .refused_endpoints = 6}, true); });
  const std::string text = page.render().body;
  EXPECT_NE(text.find("kube_ferry_store_objects{kind=\"services\"} 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kube_ferry_store_objects{kind=\"slices\"} 4\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kube_ferry_store_objects{kind=\"service_ports\"} 5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kube_ferry_refused_endpoints 6\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kube_ferry_synced 1\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace ferry::proxy
