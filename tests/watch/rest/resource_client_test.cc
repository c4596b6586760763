#include "watch/rest/resource_client.h"

#include <optional>
#include <vector>

#include <gmock/gmock.h>

#include "tests/watch/rest/rest_fixture.h"
#include "watch/codec/discovery_v1/formats.h"
#include "watch/codec/stream_scanner.h"
#include "watch/codec/v1/formats.h"
#include "watch/codec/v1beta1/formats.h"

namespace ferry::watch {
namespace {

using config::Service;
using testing::chunk;
using testing::chunked_head;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::http_answer;
using ::testing::IsEmpty;

std::string service(const std::string& name, const std::string& version = "7", const std::string& port = "80") {
  return R"({"kind":"Service","apiVersion":"v1","metadata":{"name":")" + name +
         R"(","namespace":"default","resourceVersion":")" + version +
         R"("},"spec":{"type":"ClusterIP","clusterIP":"10.0.0.1","ports":[{"port":)" + port + "}]}}";
}

std::string service_list(const std::string& items, const std::string& meta = R"("resourceVersion":"9")") {
  return R"({"kind":"ServiceList","apiVersion":"v1","metadata":{)" + meta + R"(},"items":[)" + items + "]}";
}

std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

std::string bookmark(const std::string& version) {
  return event("BOOKMARK",
               R"({"kind":"Service","apiVersion":"v1","metadata":{"resourceVersion":")" + version + R"("}})");
}

class ResourceClientTest : public RestFixture {
 protected:
  /// What a list or a watch told, and how it ended.
  struct Heard {
    std::vector<std::string> told;
    std::optional<ApiError> error;
    ListMeta meta;
  };

  Heard list(ListOptions options = {}) {
    Heard heard;
    ResourceClient<Service> services(client, *format, selection, skipped);
    const auto result = testing::run(context, services.list(std::move(options), [&heard](Decoded<Service> item) {
      heard.told.push_back(item.meta.name.to_string());
    }));
    if (result.has_value()) heard.meta = result.value();
    if (result.has_error()) heard.error = result.error();
    return heard;
  }

  Heard watch(WatchOptions options = {}) {
    Heard heard;
    ResourceClient<Service> services(client, *format, selection, skipped);
    const auto result = testing::run(context, services.watch(std::move(options), [&heard](Event<Service> event) {
      heard.told.push_back(describe(event));
    }));
    if (result.has_error()) heard.error = result.error();
    return heard;
  }

  static std::string describe(const Event<Service>& event) {
    static const char* const kNames[] = {"added", "modified", "deleted", "bookmark"};
    std::string text = kNames[static_cast<int>(event.type)];
    if (!event.meta.name.name.empty()) text += " " + event.meta.name.name;
    return text + "@" + event.meta.resource_version + (event.value.ports.empty() ? "" : "+");
  }

  /// The first line of the request, without its method and version.
  std::string asked(std::size_t index = 0) const {
    const std::string& request = server.requests().at(index);
    return request.substr(4, request.find(" HTTP/1.1") - 4);
  }

  Heard watch_stream(const std::string& events) {
    server.on_connection().request().send(chunked_head() + chunk(events) + chunk("")).hang();
    return watch();
  }

  const WireFormat<Service>* format = &codec::v1::kServices;
  Selection selection;
  SkippedObjects skipped{"services"};
  RestClient client{context.get_executor(), config()};

  void TearDown() override {
    client.close();
    RestFixture::TearDown();
  }
};

// Paths

TEST_F(ResourceClientTest, AListNamesItsSelectionPageAndVersion) {
  server.on_connection().request().send(http_answer(service_list("")));
  selection = {"kube-system", "!service.kubernetes.io/headless", "metadata.name=dns"};
  ListOptions options;
  options.limit = 500;
  options.continue_token = "a+b/c=";
  options.resource_version = "0";
  list(options);
  EXPECT_EQ(asked(),
            "/api/v1/namespaces/kube-system/services?labelSelector=%21service.kubernetes.io%2Fheadless&"
            "fieldSelector=metadata.name%3Ddns&limit=500&continue=a%2Bb%2Fc%3D&resourceVersion=0");
}

TEST_F(ResourceClientTest, AListOfEverythingHasNoQuery) {
  server.on_connection().request().send(http_answer(service_list("")));
  list();
  EXPECT_EQ(asked(), "/api/v1/services");
}

TEST_F(ResourceClientTest, AWatchNamesWhereItStartsAndHowLongItLasts) {
  server.on_connection().request().send(chunked_head() + chunk(""));
  WatchOptions options;
  options.resource_version = "42";
  options.timeout = std::chrono::seconds(301);
  watch(options);
  EXPECT_EQ(asked(), "/api/v1/services?watch=true&allowWatchBookmarks=true&timeoutSeconds=301&resourceVersion=42");
  EXPECT_THAT(server.requests()[0], ::testing::Not(HasSubstr("gzip")))
      << "compressed, events would wait for each other";
}

TEST_F(ResourceClientTest, AWatchListAsksForTheInitialEvents) {
  server.on_connection().request().send(chunked_head() + chunk(""));
  WatchOptions options;
  options.send_initial_events = true;
  watch(options);
  EXPECT_EQ(asked(),
            "/api/v1/services?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&"
            "resourceVersionMatch=NotOlderThan");
}

TEST_F(ResourceClientTest, TheServerOf2014IsAskedItsWay) {
  format = &codec::v1beta1::kServices;
  server.on_connection().request().send(http_answer(R"({"kind":"ServiceList","resourceVersion":3,"items":[]})"));
  server.on_connection().request().send(chunked_head() + chunk(""));
  server.on_connection().request().send(chunked_head() + chunk(""));
  EXPECT_EQ(list().meta.resource_version, "3");
  client.close();
  RestClient watching(context.get_executor(), config());
  ResourceClient<Service> services(watching, *format, {"", "", "ID=foo"}, skipped);
  ResourceClient<config::EndpointSlice> endpoints(watching, codec::v1beta1::kEndpoints, {}, skipped);
  WatchOptions options;
  options.resource_version = "3";
  testing::run(context, services.watch(options, [](const Event<Service>&) {}));
  watching.close();
  RestClient again(context.get_executor(), config());
  ResourceClient<config::EndpointSlice> more(again, codec::v1beta1::kEndpoints, {}, skipped);
  testing::run(context, more.watch(options, [](const Event<config::EndpointSlice>&) {}));
  EXPECT_EQ(asked(0), "/api/v1beta1/services?fields=&labels=");
  EXPECT_EQ(asked(1), "/api/v1beta1/watch/services?fields=ID%3Dfoo&labels=&resourceVersion=3");
  EXPECT_EQ(asked(2), "/api/v1beta1/watch/endpoints?fields=&labels=&resourceVersion=3");
}

TEST_F(ResourceClientTest, OneObjectIsFetchedByItsName) {
  server.on_connection()
      .request()
      .send(http_answer(service("web")))
      .request()
      .send(http_answer(R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n 1","resourceVersion":"2"}})"));
  ResourceClient<Service> services(client, *format, {}, skipped);
  const auto got = testing::run(context, services.get({"default", "web"}));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got.value().value.name.to_string(), "default/web");
  ResourceClient<config::Node> nodes(client, codec::v1::kNodes, {}, skipped);
  EXPECT_EQ(testing::run(context, nodes.get({"", "n 1"})).value().value.name, "n 1");
  EXPECT_EQ(asked(0), "/api/v1/namespaces/default/services/web");
  EXPECT_EQ(asked(1), "/api/v1/nodes/n%201");
  client.close();
}

TEST_F(ResourceClientTest, AnObjectThatIsMissingOrUnreadableIsAnError) {
  server.on_connection().request().send(http_answer(R"({"kind":"Status","code":404,"reason":"NotFound"})", "404 No"));
  server.on_connection().request().send(http_answer(service("web", "7", "70000")));
  ResourceClient<Service> services(client, *format, {}, skipped);
  EXPECT_TRUE(testing::run(context, services.get({"default", "web"})).error().is_not_found());
  const auto bad = testing::run(context, services.get({"default", "web"}));
  ASSERT_TRUE(bad.has_error());
  EXPECT_EQ(bad.error().kind, ApiError::Kind::kProtocol);
  EXPECT_THAT(bad.error().message, HasSubstr("70000"));
}

// Lists

TEST_F(ResourceClientTest, AListHandsOverItsItemsAndTheNextPagesToken) {
  server.on_connection().request().send(
      http_answer(service_list(service("a") + "," + service("b"), R"("resourceVersion":"9","continue":"next")")), 11);
  const Heard heard = list();
  EXPECT_FALSE(heard.error);
  EXPECT_THAT(heard.told, ElementsAre("default/a", "default/b"));
  EXPECT_EQ(heard.meta.resource_version, "9");
  EXPECT_EQ(heard.meta.continue_token, "next");
}

TEST_F(ResourceClientTest, ABadItemIsSkippedAndCounted) {
  const std::string oversized = R"({"metadata":{"name":")" + std::string(kMaxObjectBytes, 'x') + R"("}})";
  server.on_connection().request().send(http_answer(
      service_list(service("a") + "," + service("bad", "7", "70000") + "," + oversized + "," + service("b"))));
  const Heard heard = list();
  EXPECT_FALSE(heard.error);
  EXPECT_THAT(heard.told, ElementsAre("default/a", "default/b"));
  EXPECT_EQ(skipped.skipped(), 2U);
}

TEST_F(ResourceClientTest, AListCutAtAnyByteDoesNotCount) {
  const std::string body = service_list(service("a"));
  for (std::size_t size = 0; size < body.size(); ++size) {
    server.on_connection().request().send(http_answer(body.substr(0, size), "200 OK", "Connection: close\r\n"));
    EXPECT_TRUE(list().error) << size;
  }
}

TEST_F(ResourceClientTest, WhatIsNoListIsAProtocolError) {
  for (const char* body : {"", "[]", "nonsense", "{}", R"({"kind":"Status","status":"Failure","code":500})",
                           R"({"kind":"Service","metadata":{}})"}) {
    server.on_connection().request().send(http_answer(body, "200 OK", "Connection: close\r\n"));
    const Heard heard = list();
    ASSERT_TRUE(heard.error) << body;
    EXPECT_EQ(heard.error->kind, ApiError::Kind::kProtocol) << body;
  }
}

TEST_F(ResourceClientTest, AListRefusedTellsWhy) {
  server.on_connection().request().send(http_answer(R"({"kind":"Status","code":403,"reason":"Forbidden"})", "403 No"));
  EXPECT_EQ(list().error->reason, "Forbidden");
}

// Watches

TEST_F(ResourceClientTest, AWatchHandsOverItsEventsInOrder) {
  const Heard heard = watch_stream(event("ADDED", service("a", "1")) + event("MODIFIED", service("a", "2")) +
                                   event("DELETED", service("a", "3")) + bookmark("9"));
  EXPECT_FALSE(heard.error);
  EXPECT_THAT(heard.told, ElementsAre("added a@1+", "modified a@2+", "deleted a@3", "bookmark@9"));
}

TEST_F(ResourceClientTest, EventsCutAnywhereAreTheSameEvents) {
  const std::string events = event("ADDED", service("a", "1")) + bookmark("9");
  const std::string whole = chunked_head() + chunk(events) + chunk("");
  for (std::size_t piece = 1; piece < whole.size(); piece = piece * 2 + 1) {
    server.on_connection().request().send(whole, piece);
    EXPECT_THAT(watch().told, ElementsAre("added a@1+", "bookmark@9")) << piece;
  }
}

TEST_F(ResourceClientTest, EventsArriveBeforeTheStreamEnds) {
  Heard heard;
  server.on_connection()
      .request()
      .send(chunked_head() + chunk(bookmark("1")))
      .then([&heard] { EXPECT_THAT(heard.told, IsEmpty()); })
      .hang();
  WatchOptions options;
  options.stall_deadline = std::chrono::milliseconds(30);
  ResourceClient<Service> services(client, *format, selection, skipped);
  const auto result = testing::run(
      context, services.watch(options, [&heard](Event<Service> event) { heard.told.push_back(describe(event)); }));
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().kind, ApiError::Kind::kTimeout);
  EXPECT_THAT(heard.told, ElementsAre("bookmark@1"));
}

// A quiet cluster says nothing for minutes once it has told all it knows.
TEST_F(ResourceClientTest, TheSilenceAWatchListMayKeepChangesWithTheEndOfItsInitialEvents) {
  const std::string end = event("BOOKMARK", R"({"kind":"Service","apiVersion":"v1","metadata":{"resourceVersion":"7",)"
                                            R"("annotations":{"k8s.io/initial-events-end":"true"}}})");
  const auto told_before_silence = [&](const std::string& events, WatchOptions options) {
    server.on_connection().request().send(chunked_head() + chunk(events)).hang();
    options.send_initial_events = true;
    std::size_t told = 0;
    ResourceClient<Service> services(client, *format, selection, skipped);
    const auto result = testing::run(context, services.watch(options, [&told](const Event<Service>&) { ++told; }));
    EXPECT_EQ(result.error().kind, ApiError::Kind::kTimeout);
    return told;
  };
  WatchOptions options;
  options.initial_stall_deadline = std::chrono::milliseconds(30);
  options.stall_deadline = std::chrono::hours(1);
  EXPECT_EQ(told_before_silence(event("ADDED", service("a", "1")), options), 1U);
  options.initial_stall_deadline = std::chrono::hours(1);
  options.stall_deadline = std::chrono::milliseconds(30);
  EXPECT_EQ(told_before_silence(event("ADDED", service("a", "1")) + end, options), 2U);
}

TEST_F(ResourceClientTest, AnErrorEventEndsTheWatchWithItsStatus) {
  const Heard heard = watch_stream(
      bookmark("1") + event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})") +
      event("ADDED", service("never")));
  ASSERT_TRUE(heard.error);
  EXPECT_TRUE(heard.error->is_gone());
  EXPECT_THAT(heard.told, ElementsAre("bookmark@1"));
}

TEST_F(ResourceClientTest, TheVersionOfAnObjectThatIsSkippedArrivesAsABookmark) {
  const Heard heard = watch_stream(event("ADDED", service("bad", "5", "70000")) + event("ADDED", service("a", "6")));
  EXPECT_FALSE(heard.error);
  EXPECT_THAT(heard.told, ElementsAre("bookmark@5", "added a@6+"));
  EXPECT_EQ(skipped.skipped(), 1U);
}

TEST_F(ResourceClientTest, AnEventThatIsTooLargeIsSkipped) {
  const std::string oversized = R"({"metadata":{"name":")" + std::string(kMaxObjectBytes, 'x') + R"("}})";
  const Heard heard = watch_stream(event("ADDED", oversized) + event("ADDED", service("a", "6")));
  EXPECT_FALSE(heard.error);
  EXPECT_THAT(heard.told, ElementsAre("added a@6+"));
  EXPECT_EQ(skipped.skipped(), 1U);
}

TEST_F(ResourceClientTest, AnUnknownEventOrNonsenseEndsTheWatch) {
  for (const std::string& events : {event("RENAMED", service("a")), std::string("nonsense"), std::string("[1]")}) {
    const Heard heard = watch_stream(bookmark("1") + events);
    ASSERT_TRUE(heard.error) << events;
    EXPECT_EQ(heard.error->kind, ApiError::Kind::kProtocol) << events;
    EXPECT_THAT(heard.told, ElementsAre("bookmark@1"));
  }
}

TEST_F(ResourceClientTest, AWatchThatEndsInsideAnEventIsAnErrorAndOneBetweenEventsIsNone) {
  const std::string events = bookmark("1");
  for (std::size_t size = 0; size <= events.size(); ++size) {
    server.on_connection().request().send(chunked_head("Connection: close\r\n") +
                                          (size == 0 ? "" : chunk(events.substr(0, size))) + chunk(""));
    const bool whole = size == 0 || size >= events.size() - 1;
    EXPECT_EQ(watch().error.has_value(), !whole) << size;
  }
}

TEST_F(ResourceClientTest, AWatchWhoseConnectionDiesIsATransportError) {
  server.on_connection().request().send(chunked_head() + chunk(bookmark("1"))).reset();
  const Heard heard = watch();
  ASSERT_TRUE(heard.error);
  EXPECT_EQ(heard.error->kind, ApiError::Kind::kTransport);
}

// Discovery

TEST_F(ResourceClientTest, AResourceIsThereWhenTheServerListsIt) {
  const std::string resources = R"({"kind":"APIResourceList","resources":[{"name":"endpointslices"}]})";
  server.on_connection()
      .request()
      .send(http_answer(resources))
      .request()
      .send(http_answer(resources))
      .request()
      .send(http_answer(R"({"kind":"Status","code":404})", "404 Not Found"))
      .request()
      .send(http_answer(resources))
      .hang();
  EXPECT_TRUE(testing::run(context, has_resource(client, "discovery.k8s.io/v1", "endpointslices")).value());
  EXPECT_FALSE(testing::run(context, has_resource(client, "discovery.k8s.io/v1", "others")).value());
  EXPECT_FALSE(testing::run(context, has_resource(client, "discovery.k8s.io/v2", "endpointslices")).value());
  EXPECT_FALSE(testing::run(context, has_resource(client, "v1", "services")).value());
  EXPECT_EQ(asked(0), "/apis/discovery.k8s.io/v1");
  EXPECT_EQ(asked(3), "/api/v1");
}

TEST_F(ResourceClientTest, NotKnowingWhetherAResourceIsThereIsAnError) {
  server.on_connection().request().send(http_answer("{}", "503 Later", "Connection: close\r\n"));
  EXPECT_EQ(testing::run(context, has_resource(client, "v1", "services")).error().http_status, 503);
  for (const char* body : {"", "[]", "nonsense", "{}", R"({"resources":{}})"}) {
    server.on_connection().request().send(http_answer(body, "200 OK", "Connection: close\r\n"));
    EXPECT_EQ(testing::run(context, has_resource(client, "v1", "services")).error().kind, ApiError::Kind::kProtocol);
  }
}

}  // namespace
}  // namespace ferry::watch
