#include "proxy/cli/decode.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "tests/proxy/cli/fake_api.h"

namespace ferry::cli {
namespace {

using namespace std::chrono_literals;

TEST(Decode, NothingAndNonsenseAreEmpty) {
  for (const char* const text :
       {"null", "[]", "7", "\"text\"", "{}", R"({"items": 5, "ports": {}, "connections": []})"}) {
    const Json json = Json::parse(text);
    EXPECT_EQ(decode_status(json), Status{}) << text;
    EXPECT_EQ(decode_service_list(json), ServiceList{}) << text;
    EXPECT_EQ(decode_service_detail(json), ServiceDetail{}) << text;
    EXPECT_EQ(decode_connection_list(json), ConnectionList{}) << text;
  }
}

TEST(Decode, FieldsOfAnotherTypeAreEmpty) {
  const Json json = Json::parse(R"({"namespace": 5, "name": null, "addresses": "10.96.0.1:80", "removed": "yes",
    "endpoints": {"used": -1, "ejected": 1.5}, "connections": 3, "rates": {"connections": "1.5"},
    "connectMs": {"p50": "fast"}})");
  EXPECT_EQ(decode_service_port(json), ServicePort{});
}

TEST(Decode, AStatusIsWhatDocsApiSays) {
  const Status expected{.version = "0.1.0",
                        .node = "node-1",
                        .uptime = 614s,
                        .synced = true,
                        .healthy = true,
                        .service_ports = 3,
                        .endpoints_ejected = 1,
                        .unserved = 0,
                        .connections = {3, 100, 0, 1, 5000, 90000},
                        .rates = {1.5, 0.25, 10.5, 2048},
                        .connect = {0.2, 1.1}};
  EXPECT_EQ(decode_status(testing::FakeApi().status), expected);
}

TEST(Decode, SteeredConnectionsCountInTheTotals) {
  Json json = testing::FakeApi().status;
  json["steering"] = Json::parse(R"({"connections": {"open": 10, "accepted": 200, "failed": 4, "bytesToClient": 1}})");
  EXPECT_EQ(decode_status(json).connections, (Counts{13, 300, 4, 1, 5000, 90001}));
}

TEST(Decode, AnEndpointsAddressAndPortAreOneWord) {
  const ServiceDetail web =
      decode_service_detail(Json::parse(testing::FakeApi().get("/api/services/default/web").body));
  ASSERT_EQ(web.ports.size(), 1U);
  ASSERT_EQ(web.ports[0].endpoints.size(), 5U);
  EXPECT_EQ(web.ports[0].number, 80U);
  EXPECT_EQ(web.ports[0].endpoints[0].address, "10.244.1.7:8080");
  EXPECT_EQ(web.ports[0].endpoints[4].address, "[fd00::7]:8080");
  const Endpoint ejected{.address = "10.244.2.7:8080",
                         .node = "node-2",
                         .local = false,
                         .state = "ejected",
                         .why = "refused a connection 3 s ago; left out for 2 s more",
                         .connections = {0, 12, 2, 0, 0, 0},
                         .connect_ms = std::nullopt};
  EXPECT_EQ(web.ports[0].endpoints[1], ejected);
}

TEST(Decode, TextsComeOutPrintable) {
  const Json json = Json::parse(R"({"open": 1, "items": [{"client": "\u001b]0;mine\u0007", "state": "a\nb"}]})");
  const ConnectionList list = decode_connection_list(json);
  ASSERT_EQ(list.items.size(), 1U);
  EXPECT_EQ(list.items[0].client, "\\x1b]0;mine\\x07");
  EXPECT_EQ(list.items[0].state, "a\\nb");
}

}  // namespace
}  // namespace ferry::cli
