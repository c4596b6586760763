#include "proxy/metrics/dataplane_metrics.h"

#include <cerrno>
#include <set>

#include <gtest/gtest.h>

#include "proxy/metrics/metrics_page.h"

namespace ferry::proxy {
namespace {

std::string render(const DataplaneSnapshot& snapshot, const SteeringSnapshot& steering = {}) {
  MetricsPage page;
  page.add([&] { return dataplane_metrics(snapshot, steering); });
  return page.render().body;
}

ServicePortSnapshot service(const std::string& name, std::uint64_t accepted, std::uint64_t to_client = 0) {
  ServicePortSnapshot entry;
  entry.name = std::make_shared<const config::ServicePortName>(
      config::ServicePortName{.service = {"default", name}, .port = "http", .protocol = config::Protocol::kTcp});
  entry.connections.accepted = accepted;
  entry.connections.bytes_to_client = to_client;
  return entry;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(DataplaneMetrics, AnIdleDataplaneShowsItsSumsAtZeroAndNoService) {
  const std::string text = render({});
  EXPECT_TRUE(has_line(text, "kube_ferry_connections_accepted_total{path=\"relay\"} 0")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_bytes_total{path=\"relay\",direction=\"to_client\"} 0")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_dial_failures_total{kind=\"refused\"} 0")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_listeners 0")) << text;
  EXPECT_EQ(text.find("service=\""), std::string::npos) << text;
}

TEST(DataplaneMetrics, NamesAServicePortByItsParts) {
  DataplaneSnapshot snapshot;
  snapshot.service_ports = {service("web", 7, 100)};
  const std::string text = render(snapshot);
  const std::string labels = R"({namespace="default",service="web",port="http",protocol="TCP")";
  EXPECT_TRUE(has_line(text, "kube_ferry_service_connections_accepted_total" + labels + ",path=\"relay\"} 7")) << text;
  EXPECT_TRUE(
      has_line(text, "kube_ferry_service_bytes_total" + labels + ",path=\"relay\",direction=\"to_client\"} 100"))
      << text;
}

TEST(DataplaneMetrics, AServicePortThatNobodyUsedHasNoSeries) {
  DataplaneSnapshot snapshot;
  snapshot.service_ports = {service("idle", 0)};
  EXPECT_EQ(render(snapshot).find("service=\"idle\""), std::string::npos);
}

TEST(DataplaneMetrics, AServicePortThatCameBackHasOneSeries) {
  DataplaneSnapshot snapshot;
  snapshot.service_ports = {service("web", 7), service("web", 1)};
  const std::string text = render(snapshot);
  EXPECT_TRUE(has_line(text,
                       "kube_ferry_service_connections_accepted_total{namespace=\"default\",service=\"web\","
                       "port=\"http\",protocol=\"TCP\",path=\"relay\"} 8"))
      << text;
}

TEST(DataplaneMetrics, AcceptErrorsAreNamed) {
  DataplaneSnapshot snapshot;
  snapshot.totals.accept_errors = {{EMFILE, 3}, {12345, 1}};
  snapshot.totals.dial_shortages = {{EADDRNOTAVAIL, 2}};
  snapshot.totals.shed = 4;
  snapshot.totals.shed_for_memory = 5;
  const std::string text = render(snapshot);
  EXPECT_TRUE(has_line(text, "kube_ferry_accept_errors_total{error=\"EMFILE\"} 3")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_accept_errors_total{error=\"12345\"} 1")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_dial_shortages_total{error=\"EADDRNOTAVAIL\"} 2")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_connections_shed_total{reason=\"descriptors\"} 4")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_connections_shed_total{reason=\"memory\"} 5")) << text;
}

TEST(DataplaneMetrics, UnservedAddressesAreCounted) {
  DataplaneSnapshot snapshot;
  snapshot.unserved.resize(2);
  snapshot.listeners = 5;
  snapshot.affinity_entries = 7;
  snapshot.totals.listen_failures = 9;
  snapshot.sctp_ports_not_served = 4;
  const std::string text = render(snapshot);
  EXPECT_TRUE(has_line(text, "kube_ferry_unserved_addresses 2")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_listeners 5")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_affinity_entries 7")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_bind_failures_total 9")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_service_ports_not_served{protocol=\"SCTP\"} 4")) << text;
}

TEST(DataplaneMetrics, UdpHasSumsOfItsOwn) {
  DataplaneSnapshot snapshot;
  snapshot.totals.flows = {
      .accepted = 10, .open = 2, .failed = 1, .retried = 3, .bytes_to_backend = 40, .bytes_to_client = 50};
  snapshot.totals.flows_evicted = 4;
  snapshot.totals.datagrams_dropped = 5;
  const std::string text = render(snapshot);
  for (const char* line :
       {"kube_ferry_udp_flows_total 10", "kube_ferry_udp_flows_open 2", "kube_ferry_udp_flows_failed_total 1",
        "kube_ferry_udp_flows_repicked_total 3", "kube_ferry_udp_flows_evicted_total 4",
        "kube_ferry_udp_datagrams_dropped_total 5", "kube_ferry_udp_bytes_total{direction=\"to_backend\"} 40",
        "kube_ferry_udp_bytes_total{direction=\"to_client\"} 50",
        "kube_ferry_connections_accepted_total{path=\"relay\"} 0"}) {
    EXPECT_TRUE(has_line(text, line)) << line << " in\n" << text;
  }
}

TEST(DataplaneMetrics, NoTwoFamiliesShareAName) {
  std::set<std::string> names;
  for (const auto& family : dataplane_metrics({}, {})) EXPECT_TRUE(names.insert(family.name).second) << family.name;
}

ServicePortSnapshot used_service() {
  ServicePortSnapshot entry = service("web", 7);
  ServicePortDetail detail;
  detail.ejections = 2;
  ConnectTimes connect;
  connect.add(std::chrono::microseconds{700});
  connect.add(std::chrono::seconds{9});
  detail.connect_times = connect.counts();
  LifeTimes life;
  life.add(std::chrono::seconds{30});
  detail.life_times = life.counts();
  for (const char* const address : {"10.0.0.1", "10.0.0.2", "fd00::1"}) {
    detail.endpoints.push_back({{*config::IpAddress::parse(address), 80, false, false},
                                {.accepted = 3, .open = 1, .failed = 2, .retried = 1, .bytes_to_backend = 9}});
  }
  entry.detail = std::make_shared<const ServicePortDetail>(std::move(detail));
  return entry;
}

TEST(DataplaneMetrics, AServicePortHasHistograms) {
  DataplaneSnapshot snapshot;
  snapshot.service_ports = {used_service()};
  const std::string text = render(snapshot);
  const std::string labels = R"({namespace="default",service="web",port="http",protocol="TCP")";
  const std::string connect = "kube_ferry_service_connect_duration_seconds";
  EXPECT_TRUE(has_line(text, connect + "_bucket" + labels + ",le=\"0.0002\"} 0")) << text;
  EXPECT_TRUE(has_line(text, connect + "_bucket" + labels + ",le=\"0.001\"} 1")) << text;
  EXPECT_TRUE(has_line(text, connect + "_bucket" + labels + ",le=\"2\"} 1")) << text;
  EXPECT_TRUE(has_line(text, connect + "_bucket" + labels + ",le=\"+Inf\"} 2")) << text;
  EXPECT_TRUE(has_line(text, connect + "_count" + labels + "} 2")) << text;
  EXPECT_TRUE(has_line(text, "kube_ferry_service_connection_duration_seconds_bucket" + labels + ",le=\"60\"} 1"));
  EXPECT_TRUE(has_line(text, "kube_ferry_service_ejections_total" + labels + "} 2")) << text;
}

TEST(DataplaneMetrics, EndpointsHaveSeriesUpToABound) {
  DataplaneSnapshot snapshot;
  snapshot.service_ports = {used_service()};
  const auto text_of = [&snapshot](std::size_t most) {
    MetricsPage page;
    page.add([&] { return dataplane_metrics(snapshot, {}, most); });
    return page.render().body;
  };
  const std::string all = text_of(10);
  const std::string labels = R"({namespace="default",service="web",port="http",protocol="TCP",endpoint=)";
  EXPECT_TRUE(has_line(all, "kube_ferry_endpoint_dials_total" + labels + "\"[fd00::1]:80\"} 3")) << all;
  EXPECT_TRUE(has_line(all, "kube_ferry_endpoint_connections_open" + labels + "\"10.0.0.1:80\"} 1")) << all;
  EXPECT_TRUE(has_line(all, "kube_ferry_endpoint_dial_failures_total" + labels + "\"10.0.0.2:80\"} 2")) << all;
  EXPECT_TRUE(has_line(all, "kube_ferry_endpoint_series_left_out 0")) << all;
  const std::string few = text_of(1);
  EXPECT_NE(few.find("10.0.0.1:80"), std::string::npos);
  EXPECT_EQ(few.find("10.0.0.2:80"), std::string::npos);
  EXPECT_TRUE(has_line(few, "kube_ferry_endpoint_series_left_out 2")) << few;
}

}  // namespace
}  // namespace ferry::proxy
