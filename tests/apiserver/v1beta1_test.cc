#include <gtest/gtest.h>

#include "tests/apiserver/raw_client.h"
#include "tests/apiserver/server_thread.h"
#include "tests/apiserver/test_objects.h"

namespace ferry::testing {
namespace {

using apiserver::Json;
using apiserver::Server;

class V1beta1 : public ::testing::Test {
 protected:
  explicit V1beta1(apiserver::Options options = {}) : server_(std::move(options)), client_(server_.address()) {}

  Json create(const std::string& name) { return client_.post(kServices, service(name).dump()).json(); }
  std::uint64_t version() {
    return server_.on_loop([](Server& server) { return server.storage().version(); });
  }

  ServerThread server_;
  RawClient client_;
};

TEST_F(V1beta1, AServiceIsFlatWithANumericVersion) {
  const auto made = create("foo");
  const auto json = client_.get("/api/v1beta1/services/foo").json();
  EXPECT_EQ(json["id"], "foo");
  EXPECT_EQ(json["kind"], "Service");
  EXPECT_EQ(json["port"], 80);
  EXPECT_EQ(json["labels"], made["metadata"]["labels"]);
  EXPECT_EQ(json["portalIP"], made["spec"]["clusterIP"]);
  EXPECT_TRUE(json["resourceVersion"].is_number_unsigned());
  EXPECT_EQ(json["resourceVersion"], version());
}

TEST_F(V1beta1, AListCarriesItsVersion) {
  create("foo");
  const auto json = client_.get("/api/v1beta1/services").json();
  EXPECT_EQ(json["kind"], "ServiceList");
  EXPECT_EQ(json["resourceVersion"], version());
  EXPECT_EQ(json["items"][0]["id"], "foo");
}

TEST_F(V1beta1, EndpointsAreAddressesWithPorts) {
  const auto* endpoints = R"({"metadata":{"name":"foo"},"subsets":[{"addresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}],
                              "ports":[{"port":80}]}]})";
  ASSERT_EQ(client_.post("/api/v1/namespaces/default/endpoints", endpoints).status, 201);
  EXPECT_EQ(client_.get("/api/v1beta1/endpoints/foo").json()["endpoints"],
            Json::parse(R"(["10.0.0.1:80","10.0.0.2:80"])"));
}

TEST_F(V1beta1, AServiceWithoutEndpointsHasEmptyOnesAndNoServiceIsNotFound) {
  create("foo");
  const auto json = client_.get("/api/v1beta1/endpoints/foo").json();
  EXPECT_EQ(json["id"], "foo");
  EXPECT_EQ(json["endpoints"], Json::array());
  const auto missing = client_.get("/api/v1beta1/endpoints/bar");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.json()["status"], "failure");
  EXPECT_EQ(missing.json()["reason"], "notFound");
}

TEST_F(V1beta1, AWatchOfOneHearsTheEventOfItsVersionAndEveryLaterOne) {
  create("foo");
  const auto at = version();
  create("bar");
  client_.open("/api/v1beta1/watch/services?fields=ID%3Dfoo&labels=&resourceVersion=" + std::to_string(at));
  auto event = client_.next_event();
  EXPECT_EQ(event["type"], "ADDED");
  EXPECT_EQ(event["object"]["id"], "foo");
  server_.on_loop([](Server& server) { return server.storage().remove("services", "default", "foo"); }).value();
  event = client_.next_event();
  EXPECT_EQ(event["type"], "DELETED");
  EXPECT_EQ(event["object"]["resourceVersion"], version());
}

TEST_F(V1beta1, SelectorsOtherThanTheIdAreErrors) {
  EXPECT_EQ(client_.get("/api/v1beta1/watch/services?labels=a%3Db").status, 500);
  EXPECT_EQ(client_.get("/api/v1beta1/watch/services?fields=Name%3Dfoo").status, 500);
  EXPECT_EQ(client_.get("/api/v1beta1/pods").status, 404);
  EXPECT_EQ(client_.post("/api/v1beta1/services", "{}").status, 500);
}

apiserver::Options capital() {
  apiserver::Options options;
  options.capital_events = true;
  return options;
}

class V1beta1Capital : public V1beta1 {
 protected:
  V1beta1Capital() : V1beta1(capital()) {}
};

TEST_F(V1beta1Capital, EventsAreWrittenAsInAugust2014) {
  create("foo");
  client_.open("/api/v1beta1/watch/services?fields=&labels=&resourceVersion=0");
  const auto event = client_.next_event();
  EXPECT_EQ(event["Type"], "ADDED");
  EXPECT_EQ(event["Object"]["id"], "foo");
}

}  // namespace
}  // namespace ferry::testing
