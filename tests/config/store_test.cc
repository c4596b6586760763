#include "config/store.h"

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/config/store_fixture.h"
#include "tests/support/addresses.h"

namespace ferry::config {
namespace {

using ferry::testing::address;

class SyncedStoreTest : public StoreTest {
 protected:
  SyncedStoreTest() {
    source.set_services({});
    source.set_slices({});
  }
  Store::Source& source = store.add_source("api");
};

TEST_F(StoreTest, ReportsNothingBeforeServicesAndSlicesOfEverySourceAreDelivered) {
  EXPECT_FALSE(store.synced());
  Store::Source& api = store.add_source("api");
  Store::Source& file = store.add_source("file");
  api.set_services({service("web")});
  api.add_slice(slice("web-1", "web", {"10.0.0.1"}));
  api.set_slices({slice("web-1", "web", {"10.0.0.1"})});
  file.set_slices({});
  EXPECT_FALSE(store.synced());
  EXPECT_EQ(news(), News{});
  file.set_services({});
  EXPECT_TRUE(store.synced());
  EXPECT_EQ(news(), News{"default/web:http/TCP - -> [10.0.0.1:8080]"});
}

TEST_F(StoreTest, AnEmptyClusterSyncsInSilence) {
  Store::Source& api = store.add_source("api");
  api.set_services({});
  api.set_slices({});
  EXPECT_TRUE(store.synced());
  EXPECT_EQ(news(), News{});
}

TEST_F(StoreTest, TheFirstStateOfALargeClusterIsReportedSomeAtATimeAndALaterListAsAWhole) {
  const auto many = [](int count) {
    std::vector<Service> services;
    for (int i = 0; i < count; ++i) {
      services.push_back(
          service("s" + std::to_string(i), "10.96." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
    }
    return services;
  };
  Store::Source& api = store.add_source("api");
  api.set_slices({});
  api.set_services(many(5000));
  EXPECT_EQ(table.size(), 5000U);
  EXPECT_EQ(news().size(), 5000U) << "each once";
  EXPECT_LE(largest_report, 1100U);
  EXPECT_EQ(store.stats().changes_reported, 5000U);

  api.set_services({});
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(largest_report, 5000U) << "an address may move from one service to another within it";
}

TEST_F(SyncedStoreTest, JoinsAServiceWithItsSlicesWhicheverComesFirst) {
  source.add_slice(slice("web-1", "web", {"10.0.0.1"}));
  EXPECT_EQ(news(), News{});
  source.add_service(service("web"));
  EXPECT_EQ(news(), News{"default/web:http/TCP - -> [10.0.0.1:8080]"});
  source.add_slice(slice("web-2", "web", {"10.0.0.2"}));
  EXPECT_EQ(news(), News{"default/web:http/TCP [10.0.0.1:8080] -> [10.0.0.1:8080,10.0.0.2:8080]"});
}

TEST_F(SyncedStoreTest, AServiceWithoutEndpointsIsReportedWithNone) {
  source.add_service(service("web"));
  EXPECT_EQ(news(), News{"default/web:http/TCP - -> []"});
}

TEST_F(SyncedStoreTest, AddReplacesAndRemoveRemoves) {
  source.add_service(service("foo"));
  source.add_service(service("bar", "10.96.0.2"));
  EXPECT_EQ(table.size(), 2U);
  news();
  source.remove_service({"default", "foo"});
  EXPECT_EQ(news(), News{"default/foo:http/TCP [] -> -"});
  source.add_service(service("bar", "10.96.0.2", 81));
  EXPECT_EQ(table.begin()->second->port, 81);
  source.remove_service({"default", "never-there"});
  EXPECT_EQ(news(), News{"default/bar:http/TCP [] -> []"});
}

TEST_F(SyncedStoreTest, ARelistIsADiff) {
  source.set_services({service("a"), service("b", "10.96.0.2"), service("c", "10.96.0.3")});
  source.set_slices({slice("a-1", "a", {"10.0.0.1"}), slice("b-1", "b", {"10.0.0.2"})});
  news();
  const auto a_before = table.begin()->second;
  source.set_services({service("c", "10.96.0.3"), service("a"), service("d", "10.96.0.4")});
  EXPECT_EQ(news(), (News{"default/b:http/TCP [10.0.0.2:8080] -> -", "default/d:http/TCP - -> []"}));
  EXPECT_EQ(table.begin()->second, a_before) << "an equal service is the same object still";
}

TEST_F(SyncedStoreTest, TheSameAgainInAnotherOrderIsNoChange) {
  source.add_service(service("web"));
  source.add_slice(slice("web-1", "web", {"10.0.0.1", "10.0.0.2"}));
  news();
  source.add_slice(slice("web-1", "web", {"10.0.0.2", "10.0.0.1"}));
  source.add_service(service("web"));
  EXPECT_EQ(news(), News{});
}

TEST_F(SyncedStoreTest, KeepsTheUntouchedSetWhenOnlyTheServiceChanges) {
  source.add_service(service("web"));
  source.add_slice(slice("web-1", "web", {"10.0.0.1"}));
  const auto before = table.begin()->second->backends_of(AddressFamily::kIpv4).cluster;
  source.add_service(service("web", "10.96.0.1", 8000));
  EXPECT_EQ(table.begin()->second->port, 8000);
  EXPECT_EQ(table.begin()->second->backends_of(AddressFamily::kIpv4).cluster, before);
}

TEST_F(SyncedStoreTest, AnEndpointMayMoveBetweenSlices) {
  source.add_service(service("web"));
  source.set_slices({slice("web-1", "web", {"10.0.0.1"}), slice("web-2", "web", {"10.0.0.2"})});
  news();
  source.add_slice(slice("web-2", "web", {"10.0.0.2", "10.0.0.1"}));
  EXPECT_EQ(news(), News{}) << "in both slices it counts once";
  source.remove_slice({"default", "web-1"});
  EXPECT_EQ(news(), News{}) << "and it is still there when the first slice lets go of it";
}

TEST_F(SyncedStoreTest, ASliceMayChangeTheServiceItBelongsTo) {
  source.set_services({service("a"), service("b", "10.96.0.2")});
  source.add_slice(slice("s", "a", {"10.0.0.1"}));
  news();
  source.add_slice(slice("s", "b", {"10.0.0.1"}));
  EXPECT_EQ(news(), (News{"default/a:http/TCP [10.0.0.1:8080] -> []", "default/b:http/TCP [] -> [10.0.0.1:8080]"}));
}

TEST_F(SyncedStoreTest, PortsJoinByNameAndProtocol) {
  Service dns = service("dns");
  dns.ports = {{"dns", Protocol::kUdp, 53, 0}, {"dns", Protocol::kTcp, 53, 0}, {"metrics", Protocol::kTcp, 9153, 0}};
  EndpointSlice endpoints = slice("dns-1", "dns", {"10.0.0.1"});
  endpoints.subsets[0].ports = {{"dns", Protocol::kUdp, 5300}, {"dns", Protocol::kTcp, 5301}};
  source.add_slice(endpoints);
  source.add_service(dns);
  EXPECT_EQ(news(), (News{"default/dns:dns/TCP - -> [10.0.0.1:5301]", "default/dns:dns/UDP - -> [10.0.0.1:5300]",
                          "default/dns:metrics/TCP - -> []"}));
}

TEST_F(SyncedStoreTest, APortThatGoesIsReportedAlone) {
  Service web = service("web");
  web.ports.push_back({"https", Protocol::kTcp, 443, 0});
  source.add_service(web);
  news();
  web.ports.pop_back();
  source.add_service(web);
  EXPECT_EQ(news(), News{"default/web:https/TCP [] -> -"});
}

TEST_F(SyncedStoreTest, ServesNeitherHeadlessNorExternalNameNorAnotherProxysServices) {
  Service headless = service("headless");
  headless.cluster_ips.clear();
  Service external = service("external");
  external.type = ServiceType::kExternalName;
  Service foreign = service("foreign");
  foreign.service_proxy_name = "other";
  source.set_services({headless, external, foreign});
  EXPECT_EQ(news(), News{});
  source.add_service(service("headless"));
  EXPECT_EQ(news(), News{"default/headless:http/TCP - -> []"});
  source.add_service(headless);
  EXPECT_EQ(news(), News{"default/headless:http/TCP [] -> -"});
}

TEST_F(SyncedStoreTest, AServiceWithBothFamiliesHasBackendsOfBoth) {
  Service dual = service("dual");
  dual.cluster_ips.push_back(address("fd00::1"));
  source.add_service(dual);
  source.set_slices({slice("v4", "dual", {"10.0.0.1"}), slice("v6", "dual", {"fd01::1"})});
  const auto info = table.begin()->second;
  EXPECT_EQ(info->backends_of(AddressFamily::kIpv4).cluster->backends.at(0).address, address("10.0.0.1"));
  EXPECT_EQ(info->backends_of(AddressFamily::kIpv6).cluster->backends.at(0).address, address("fd01::1"));
}

TEST_F(SyncedStoreTest, SlicesWithoutAServiceBelongToNone) {
  source.add_slice(slice("orphan", "", {"10.0.0.1"}));
  source.add_service(service("web"));
  EXPECT_EQ(news(), News{"default/web:http/TCP - -> []"});
  source.remove_slice({"default", "orphan"});
  EXPECT_EQ(news(), News{});
}

TEST_F(SyncedStoreTest, ADeletedAndRecreatedServiceIsWhole) {
  source.add_slice(slice("web-1", "web", {"10.0.0.1"}));
  source.add_service(service("web"));
  source.remove_service({"default", "web"});
  news();
  source.add_service(service("web"));
  EXPECT_EQ(news(), News{"default/web:http/TCP - -> [10.0.0.1:8080]"});
}

TEST_F(SyncedStoreTest, RefusesEndpointsThatWouldReachTheNodeItselfOrAnotherService) {
  source.add_service(service("victim", "10.96.0.9"));
  source.add_service(service("web"));
  source.add_slice(slice("web-1", "web",
                         {"127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "10.96.0.9", "10.96.0.1", "10.0.0.1",
                          "::1", "fe80::1", "ff02::1"}));
  const auto info = store.service_ports();
  EXPECT_EQ(store.stats().refused_endpoints, 9U);
  EXPECT_EQ(text(table[ServicePortName{{"default", "web"}, "http", Protocol::kTcp}]), "[10.0.0.1:8080]");
  source.remove_slice({"default", "web-1"});
  EXPECT_EQ(store.stats().refused_endpoints, 0U);
}

TEST_F(SyncedStoreTest, LoopbackEndpointsServeALoopbackService) {
  source.add_service(service("demo", "127.96.0.1"));
  source.add_slice(slice("demo-1", "demo", {"127.0.0.1", "127.96.0.1"}));
  EXPECT_EQ(text(table.begin()->second), "[127.0.0.1:8080]");
}

class RangedStoreTest : public StoreTest {
 protected:
  RangedStoreTest() : StoreTest({{}, {IpPrefix::parse("10.96.0.0/16").value()}, "", {}}) {}
};

TEST_F(RangedStoreTest, RefusesEndpointsInsideTheServiceRange) {
  Store::Source& source = store.add_source("api");
  source.set_services({service("web")});
  source.set_slices({slice("web-1", "web", {"10.96.200.200", "10.97.0.1"})});
  EXPECT_EQ(news(), News{"default/web:http/TCP - -> [10.97.0.1:8080]"});
}

TEST_F(StoreTest, EachSourceOwnsWhatItBrought) {
  Store::Source& api = store.add_source("api");
  Store::Source& file = store.add_source("file");
  for (Store::Source* source : {&api, &file}) {
    source->set_services({});
    source->set_slices({});
  }
  file.add_service(service("foo"));
  api.add_service(service("bar", "10.96.0.2"));
  EXPECT_EQ(table.size(), 2U);
  api.set_services({});
  EXPECT_EQ(table.size(), 1U) << "a relist of one source leaves the other's objects";
  api.remove_service({"default", "foo"});
  EXPECT_EQ(table.size(), 1U) << "and so does a deletion";
}

TEST_F(StoreTest, TheFirstSourceIsBelievedAndTheNextTakesOver) {
  Store::Source& api = store.add_source("api");
  Store::Source& file = store.add_source("file");
  file.set_services({service("web", "10.96.0.2", 82)});
  file.set_slices({slice("web-file", "web", {"10.0.0.2"})});
  api.set_services({service("web", "10.96.0.1", 81)});
  api.set_slices({slice("web-api", "web", {"10.0.0.1"})});
  EXPECT_EQ(table.begin()->second->port, 81);
  EXPECT_EQ(text(table.begin()->second), "[10.0.0.1:8080,10.0.0.2:8080]") << "slices of all sources add up";
  api.remove_service({"default", "web"});
  EXPECT_EQ(table.begin()->second->port, 82);
}

TEST_F(StoreTest, ANewZoneChoosesAnew) {
  Store::Source& source = store.add_source("api");
  source.set_services({service("web")});
  EndpointSlice hinted = slice("web-1", "web", {"10.0.0.1", "10.0.0.2"});
  hinted.subsets[0].endpoints[0].hints = {{TopologyHint::Kind::kZone, "a"}};
  hinted.subsets[0].endpoints[1].hints = {{TopologyHint::Kind::kZone, "b"}};
  source.set_slices({hinted});
  news();
  store.set_node({"n1", "b"});
  EXPECT_EQ(news(), News{"default/web:http/TCP [10.0.0.1:8080,10.0.0.2:8080] -> [10.0.0.2:8080]"});
  store.set_node({"n1", "b"});
  EXPECT_EQ(news(), News{});
}

TEST_F(SyncedStoreTest, AChangeVisitsNoMoreAtTenThousandServicesThanAtTen) {
  const auto cost_at = [](std::size_t services) {
    Store filled({}, [](const auto&) {});
    Store::Source& api = filled.add_source("api");
    std::vector<Service> all;
    std::vector<EndpointSlice> slices;
    for (std::size_t i = 0; i < services; ++i) {
      const std::string name = "s" + std::to_string(i);
      const std::string suffix = std::to_string(i / 250) + "." + std::to_string(i % 250);
      all.push_back(service(name, "10.96." + suffix));
      slices.push_back(slice(name + "-1", name, {"10.0." + suffix}));
    }
    api.set_services(all);
    api.set_slices(slices);
    const std::uint64_t before = filled.stats().objects_visited;
    api.add_slice(slice("s5-1", "s5", {"10.1.1.1"}));
    api.add_service(service("s6", "10.96.0.6", 81));
    api.remove_service({"default", "s7"});
    EXPECT_EQ(filled.stats().service_ports, services - 1);
    return filled.stats().objects_visited - before;
  };
  EXPECT_EQ(cost_at(10), cost_at(10000));
  EXPECT_LE(cost_at(10000), 12U);
}

TEST_F(SyncedStoreTest, WhatWasReportedAddsUpToWhatAFreshStoreWouldSay) {
  std::mt19937 random(20140827);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::map<std::string, Service> services;
  std::map<std::string, EndpointSlice> slices;
  for (int step = 0; step < 3000; ++step) {
    const std::string name = "s" + std::to_string(below(6));
    const std::string part = "p" + std::to_string(below(10));
    switch (below(6)) {
      case 0:
        services[name] =
            service(name, "10.96.0." + std::to_string(1 + below(6)), static_cast<std::uint16_t>(80 + below(3)));
        source.add_service(services[name]);
        break;
      case 1:
        services.erase(name);
        source.remove_service({"default", name});
        break;
      case 2:
        slices.erase(part);
        source.remove_slice({"default", part});
        break;
      case 3: {
        std::vector<Service> all;
        for (const auto& [key, value] : services) {
          if (below(8) != 0) all.push_back(value);
        }
        services.clear();
        for (const Service& kept : all) services[kept.name.name] = kept;
        source.set_services(all);
        break;
      }
      default: {
        std::vector<std::string> addresses;
        for (unsigned i = below(4); i > 0; --i) addresses.push_back("10.0.0." + std::to_string(1 + below(8)));
        slices[part] = slice(part, name, addresses);
        source.add_slice(slices[part]);
      }
    }
    if (step % 50 != 0) continue;
    std::map<ServicePortName, std::shared_ptr<const ServicePortInfo>> expected;
    Store fresh({}, [&](const auto& changes) {
      for (const auto& change : changes) expected[change.name] = change.after;
    });
    Store::Source& all = fresh.add_source("api");
    for (const auto& [key, value] : services) all.add_service(value);
    for (const auto& [key, value] : slices) all.add_slice(value);
    std::vector<Service> service_list;
    for (const auto& [key, value] : services) service_list.push_back(value);
    all.set_services(service_list);
    std::vector<EndpointSlice> slice_list;
    for (const auto& [key, value] : slices) slice_list.push_back(value);
    all.set_slices(slice_list);
    ASSERT_EQ(table.size(), expected.size()) << "step " << step;
    for (const auto& [key, value] : expected) ASSERT_EQ(*table.at(key), *value) << key.to_string() << " step " << step;
    ASSERT_EQ(store.service_ports().size(), expected.size());
    ASSERT_EQ(store.stats().service_ports, expected.size());
  }
}

}  // namespace
}  // namespace ferry::config
