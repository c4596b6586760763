#include "proxy/inspect/service_list.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/proxy/inspect/served.h"
#include "tests/proxy/steering/fake_steering.h"

namespace ferry::proxy {
namespace {

using testing::endpoint;
using testing::Served;

std::vector<std::string> names(const Json& list) {
  std::vector<std::string> all;
  for (const Json& item : list["items"]) all.push_back(item["name"]);
  return all;
}

using Names = std::vector<std::string>;

class ServiceList : public ::testing::Test {
 protected:
  Json list(const std::string& query) {
    std::vector<Dataplane::Port> ports;
    for (const Served& served : all_) ports.push_back(served.shown());
    return service_list_json(ports, histories_, steering_,
                             ServiceQuery::parse(Request::parse("/api/services?" + query)));
  }

  std::vector<Served> all_{Served("web", {endpoint("10.0.0.1"), endpoint("10.0.0.2")}, "10.96.0.1"),
                           Served("Api", {endpoint("10.0.0.3")}, "10.96.0.20"), Served("db", {}, "10.96.0.3", "prod")};
  HistoryBook histories_;
  testing::FakeSteering seen_;
  const SteeringView* steering_ = &seen_;
};

TEST_F(ServiceList, IsByNamespaceAndName) {
  const Json all = list("");
  EXPECT_EQ(names(all), (Names{"Api", "web", "db"}));
  EXPECT_EQ(all["total"], 3);
  EXPECT_EQ(all["matched"], 3);
}

TEST_F(ServiceList, ShowsAPart) {
  const Json part = list("offset=1&limit=1");
  EXPECT_EQ(names(part), (Names{"web"}));
  EXPECT_EQ(part["matched"], 3);
  EXPECT_TRUE(names(list("offset=3")).empty());
  EXPECT_TRUE(names(list("limit=0")).empty());
}

TEST_F(ServiceList, FindsByNameAndAddressInWhateverCase) {
  EXPECT_EQ(names(list("q=API")), (Names{"Api"}));
  EXPECT_EQ(names(list("q=prod%2Fdb")), (Names{"db"}));
  EXPECT_EQ(names(list("q=10.96.0.2")), (Names{"Api"}));
  EXPECT_EQ(list("q=nothing")["matched"], 0);
  EXPECT_EQ(names(list("namespace=prod")), (Names{"db"}));
}

TEST_F(ServiceList, IsSortedByWhatIsAskedFor) {
  all_[0].carry(endpoint("10.0.0.1"), 5);
  all_[2].carry(endpoint("10.0.0.9"), 9);
  EXPECT_EQ(names(list("sort=accepted")), (Names{"db", "web", "Api"}));
  EXPECT_EQ(names(list("sort=accepted&order=asc")), (Names{"Api", "web", "db"}));
  EXPECT_EQ(names(list("sort=endpoints")), (Names{"web", "Api", "db"}));
  EXPECT_EQ(names(list("order=desc")), (Names{"db", "web", "Api"}));
}

TEST_F(ServiceList, CountsEndpointsByWhatBecomesOfThem) {
  all_[0].carry(endpoint("10.0.0.1"), 1);
  all_[0].carry(endpoint("10.0.0.99"), 2);
  all_[0].port->ejections().failed(endpoint("10.0.0.2"), all_[0].set(), std::chrono::steady_clock::now());
  const Json item = list("q=web")["items"][0];
  EXPECT_EQ(item["endpoints"], (Json{{"used", 2}, {"ejected", 1}, {"draining", 1}}));
  EXPECT_EQ(item["addresses"], Json{"10.96.0.1:80"});
  EXPECT_EQ(item["history"], nullptr);
}

TEST_F(ServiceList, HasHistoriesOnDemand) {
  all_[0].carry(endpoint("10.0.0.1"), 5);
  histories_.add({all_[0].shown()}, {}, {}, std::chrono::seconds{5});
  EXPECT_EQ(list("q=web")["items"][0]["rates"]["connections"], 1.0);
  EXPECT_EQ(list("q=web")["items"][0]["history"], nullptr);
  EXPECT_EQ(list("q=web&history=1")["items"][0]["history"]["connections"], Json{1.0});
}

TEST_F(ServiceList, SteeredConnectionsStandBesideTheRelaysAndCountInTheOrder) {
  all_[0].carry(endpoint("10.0.0.1"), 5);
  seen_.shown.service_ports[*all_[1].port->name()].connections = {
      .dialled = 20, .failed = 2, .given_up = 1, .closed = 5, .bytes_to_endpoint = 30, .bytes_to_client = 40};
  EXPECT_EQ(names(list("sort=accepted")), (Names{"Api", "web", "db"}));
  EXPECT_EQ(names(list("sort=open")), (Names{"Api", "web", "db"}));
  const Json item = list("q=api")["items"][0];
  EXPECT_EQ(item["connections"]["accepted"], 0);
  EXPECT_EQ(item["steering"], (Json{{"steered", true},
                                    {"why", ""},
                                    {"paused", false},
                                    {"connections",
                                     {{"open", 12},
                                      {"accepted", 20},
                                      {"failed", 2},
                                      {"givenUp", 1},
                                      {"bytesToBackend", 30},
                                      {"bytesToClient", 40}}}}));
}

TEST_F(ServiceList, WhatTheRelayCarriesSaysWhy) {
  seen_.shown.service_ports[*all_[0].port->name()] = testing::relayed("it has session affinity");
  seen_.shown.service_ports[*all_[1].port->name()] = testing::paused();
  const Json items = list("q=default")["items"];
  EXPECT_EQ(items[0]["steering"]["paused"], true);
  EXPECT_EQ(items[1]["steering"]["paused"], false);
  EXPECT_EQ(items[1]["steering"]["steered"], false);
  EXPECT_EQ(items[1]["steering"]["why"], "it has session affinity");
  EXPECT_EQ(list("q=db")["items"][0]["steering"], nullptr) << "nothing is known of it";
}

TEST_F(ServiceList, OneThatIsGoneIsNotTakenForItsNamesake) {
  seen_.shown.service_ports[*all_[0].port->name()].connections.dialled = 3;
  const std::vector<Dataplane::Port> ports{{all_[0].port, nullptr}};
  EXPECT_EQ(service_list_json(ports, histories_, steering_, {})["items"][0]["steering"], nullptr);
}

TEST_F(ServiceList, WithoutSteeringThereIsNoneToShow) {
  steering_ = nullptr;
  EXPECT_EQ(list("sort=open")["items"][0]["steering"], nullptr);
}

TEST_F(ServiceList, WrongParametersAreSaid) {
  for (const char* const query :
       {"sort=size", "order=up", "limit=501", "limit=-1", "offset=x", "limit=99999999999999999999"}) {
    EXPECT_THROW(list(query), std::invalid_argument) << query;
  }
}

}  // namespace
}  // namespace ferry::proxy
