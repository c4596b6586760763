#include "proxy/metrics/steering_metrics.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/metrics/dataplane_metrics.h"
#include "proxy/metrics/metrics_page.h"
#include "tests/proxy/steering/fake_steering.h"

namespace ferry::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Begins with a line feed, so that whole lines can be asked for.
std::string page_of(const SteeringSnapshot& steering, const DataplaneSnapshot& dataplane = {}) {
  MetricsPage page;
  page.add([&] { return dataplane_metrics(dataplane, steering); });
  return "\n" + page.render().body;
}

config::ServicePortName named(const std::string& name) { return {{"default", name}, "http", config::Protocol::kTcp}; }

TEST(SteeringMetrics, AreThereBeforeAnythingIsSteered) {
  const std::string text = page_of({});
  for (const char* const line :
       {"kube_ferry_steering_enabled 1", "kube_ferry_steering_pinned 0", "kube_ferry_steering_pauses_total 0",
        "kube_ferry_steering_connections_given_up_total 0", "kube_ferry_steering_service_ports{state=\"steered\"} 0",
        "kube_ferry_steering_service_ports{state=\"relayed\"} 0",
        "kube_ferry_steering_service_ports{state=\"paused\"} 0",
        "kube_ferry_connections_accepted_total{path=\"steered\"} 0"}) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(line) + "\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("service=\"")));
}

TEST(SteeringMetrics, SayThatNothingIsSteered) {
  EXPECT_THAT(page_of(testing::none_steered("the kernel is too old")), HasSubstr("\nkube_ferry_steering_enabled 0\n"));
}

TEST(SteeringMetrics, SayHowItStands) {
  SteeringSnapshot steering;
  steering.pinned = true;
  steering.pauses = 5;
  steering.totals.given_up = 6;
  steering.maps = {{"endpoints", 70, 100}, {"addresses", 8, 900}};
  steering.service_ports = {{named("a"), {}},
                            {named("b"), {}},
                            {named("c"), testing::relayed("it has session affinity")},
                            {named("d"), testing::paused()}};
  const std::string text = page_of(steering);
  for (const char* const line :
       {"kube_ferry_steering_pinned 1", "kube_ferry_steering_pauses_total 5",
        "kube_ferry_steering_connections_given_up_total 6", "kube_ferry_steering_service_ports{state=\"steered\"} 2",
        "kube_ferry_steering_service_ports{state=\"relayed\"} 1",
        "kube_ferry_steering_service_ports{state=\"paused\"} 1",
        "kube_ferry_steering_map_entries{map=\"endpoints\"} 70",
        "kube_ferry_steering_map_max_entries{map=\"endpoints\"} 100",
        "kube_ferry_steering_map_entries{map=\"addresses\"} 8"}) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(line) + "\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("service=\""))) << "nobody used them";
}

const SteeredCounters kSome{
    .dialled = 20, .failed = 2, .given_up = 1, .closed = 10, .bytes_to_endpoint = 300, .bytes_to_client = 400};

TEST(SteeringMetrics, BothPathsStandBesideEachOther) {
  SteeringSnapshot steering;
  steering.totals = kSome;
  DataplaneSnapshot dataplane;
  dataplane.totals.connections = {.accepted = 5, .open = 1, .failed = 3, .bytes_to_client = 9};
  const std::string text = page_of(steering, dataplane);
  for (const char* const line :
       {"connections_accepted_total{path=\"relay\"} 5", "connections_accepted_total{path=\"steered\"} 20",
        "connections_open{path=\"relay\"} 1", "connections_open{path=\"steered\"} 7",
        "connections_failed_total{path=\"relay\"} 3", "connections_failed_total{path=\"steered\"} 2",
        "bytes_total{path=\"relay\",direction=\"to_client\"} 9",
        "bytes_total{path=\"steered\",direction=\"to_backend\"} 300",
        "bytes_total{path=\"steered\",direction=\"to_client\"} 400"}) {
    EXPECT_THAT(text, HasSubstr("\nkube_ferry_" + std::string(line) + "\n"));
  }
}

TEST(SteeringMetrics, AServicePortWhoseConnectionsAreAllSteeredIsNoIdleOne) {
  SteeringSnapshot steering;
  steering.service_ports[named("web")].connections = kSome;
  const std::string text = page_of(steering);
  const std::string labels = R"({namespace="default",service="web",port="http",protocol="TCP",path=)";
  const std::string accepted = "\nkube_ferry_service_connections_accepted_total" + labels;
  EXPECT_THAT(text, HasSubstr(accepted + "\"steered\"} 20\n"));
  EXPECT_THAT(text, HasSubstr(accepted + "\"relay\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nkube_ferry_service_connections_open" + labels + "\"steered\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("\nkube_ferry_service_connections_failed_total" + labels + "\"steered\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("\nkube_ferry_service_bytes_total" + labels + "\"steered\",direction=\"to_client\"} 400\n"));
}

}  // namespace
}  // namespace ferry::proxy
