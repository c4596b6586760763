#include "watch/source/api_source.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/apiserver/server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run.h"
#include "tests/watch/source/recording_source.h"

namespace ferry::watch {
namespace {

using apiserver::Json;
using Names = testing::RecordingSource::Names;

Json service(const std::string& name) {
  return {{"metadata", {{"name", name}, {"namespace", "default"}}},
          {"spec",
           {{"clusterIP", "127.96.0.1"},
            {"clusterIPs", Json::array({"127.96.0.1"})},
            {"type", "ClusterIP"},
            {"ports", Json::array({{{"name", "http"}, {"protocol", "TCP"}, {"port", 80}, {"targetPort", 80}}})}}}};
}

Json slice(const std::string& name, const std::string& service) {
  return {
      {"metadata", {{"name", name}, {"namespace", "default"}, {"labels", {{"kubernetes.io/service-name", service}}}}},
      {"addressType", "IPv4"},
      {"endpoints", Json::array({{{"addresses", Json::array({"127.0.0.1"})}, {"conditions", {{"ready", true}}}}})},
      {"ports", Json::array({{{"name", "http"}, {"protocol", "TCP"}, {"port", 8080}}})}};
}

Json endpoints(const std::string& name) {
  return {{"metadata", {{"name", name}, {"namespace", "default"}}},
          {"subsets", Json::array({{{"addresses", Json::array({{{"ip", "127.0.0.1"}}})},
                                    {"ports", Json::array({{{"name", "http"}, {"port", 8080}}})}}})}};
}

Json labelled(Json object, const std::string& label, const std::string& value) {
  object["metadata"]["labels"][label] = value;
  return object;
}

/// A source fed by a mock API server on the same loop. Pauses are virtual: they are over as soon as all wait.
class ApiSourceTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (source_) stop_source();
    server_.reset();
    EXPECT_TRUE(testing::is_idle(context_)) << "something still runs";
  }

  void start_server(apiserver::Options options = {}) {
    if (!address_.empty()) options.listen = address_;
    server_ = std::make_unique<apiserver::Server>(context_, std::move(options));
    server_->start();
    address_ = server_->address();
  }

  void start_source(ApiSourceOptions options = {}) {
    ClientConfig config;
    config.server = *parse_url("http://" + address_);
    rest_.emplace(context_.get_executor(), config);
    source_.emplace(*rest_, store_, clock_, std::move(options));
    source_->start();
  }

  void stop_source() {
    bool stopped = false;
    source_->stop([&stopped] { stopped = true; });
    wait([&stopped] { return stopped; });
    source_.reset();
    rest_.reset();
  }

  template <class Done>
  void wait(Done done) {
    testing::run_until(context_, [&] {
      if (done()) return true;
      clock_.advance_to_next();
      return false;
    });
  }
  void wait_for(const Names& services, const Names& slices) {
    wait([&] { return store_.services() == services && store_.slices() == slices && synced(); });
  }
  bool synced() const { return store_.service_sets() > 0 && store_.slice_sets() > 0; }

  void put(const std::string& resource, const Json& object) {
    ASSERT_TRUE(server_->storage().create(resource, object).has_value());
  }

  /// Whether the server was asked for something whose target has `part` in it.
  bool was_asked(const std::string& part) const {
    for (const apiserver::RequestRecord& request : server_->requests()) {
      if (request.target.find(part) != std::string::npos) return true;
    }
    return false;
  }

  std::string endpoints_version() const { return source_->status().at(1).api_version; }

  boost::asio::io_context context_;
  testing::FakeClock clock_;
  testing::RecordingSource store_;
  std::unique_ptr<apiserver::Server> server_;
  std::string address_;
  std::optional<RestClient> rest_;
  std::optional<ApiSource> source_;
};

TEST_F(ApiSourceTest, AnEmptyClusterIsDeliveredAsEmptySets) {
  start_server();
  start_source();
  wait_for({}, {});
  EXPECT_TRUE(source_->status().at(0).synced);
}

TEST_F(ApiSourceTest, FollowsServicesAndTheirSlices) {
  start_server();
  put("services", service("web"));
  put("endpointslices", slice("web-1", "web"));
  start_source();
  wait_for({"web"}, {"web-1"});
  put("services", service("shop"));
  put("endpointslices", slice("web-2", "web"));
  wait_for({"shop", "web"}, {"web-1", "web-2"});
  ASSERT_TRUE(server_->storage().remove("services", "default", "web").has_value());
  ASSERT_TRUE(server_->storage().remove("endpointslices", "default", "web-1").has_value());
  wait_for({"shop"}, {"web-2"});
  EXPECT_EQ(endpoints_version(), "discovery.k8s.io/v1");
  EXPECT_EQ(store_.service_sets(), 1);
}

TEST_F(ApiSourceTest, AsksForNothingItDoesNotNeed) {
  start_server();
  put("services", labelled(service("other"), "service.kubernetes.io/service-proxy-name", "other"));
  put("endpointslices", labelled(slice("web-1", "web"), "service.kubernetes.io/headless", ""));
  put("services", service("web"));
  start_source();
  wait_for({"web"}, {});
  EXPECT_TRUE(was_asked("labelSelector=%21service.kubernetes.io%2Fheadless%2C%21service.kubernetes.io"));
  EXPECT_TRUE(was_asked("fieldSelector=spec.clusterIP%21%3DNone"));
}

TEST_F(ApiSourceTest, ServesTheServicesOfAProxyNameWhenGivenOne) {
  start_server();
  put("services", labelled(service("other"), "service.kubernetes.io/service-proxy-name", "other"));
  put("services", service("web"));
  put("endpointslices", slice("other-1", "other"));
  ApiSourceOptions options;
  options.service_proxy_name = "other";
  start_source(options);
  wait_for({"other"}, {"other-1"});
}

TEST_F(ApiSourceTest, UsesTheOlderSlicesAndDoesWithoutSelectorsOfAnOlderServer) {
  apiserver::Options options;
  options.release = apiserver::Release::k1_20;
  start_server(options);
  put("services", service("web"));
  put("endpointslices", slice("web-1", "web"));
  start_source();
  wait_for({"web"}, {"web-1"});
  EXPECT_EQ(endpoints_version(), "discovery.k8s.io/v1beta1");
}

TEST_F(ApiSourceTest, UsesEndpointsWhereThereAreNoSlices) {
  apiserver::Options options;
  options.endpoint_slices = false;
  start_server(options);
  put("services", service("web"));
  put("endpoints", endpoints("web"));
  start_source();
  wait_for({"web"}, {"web"});
  EXPECT_EQ(endpoints_version(), "v1");
}

TEST_F(ApiSourceTest, SpeaksTheApiOf2014OnRequest) {
  start_server();
  put("services", service("web"));
  put("endpoints", endpoints("web"));
  ApiSourceOptions options;
  options.historical = true;
  start_source(options);
  wait_for({"web"}, {"web"});
  put("services", service("shop"));
  wait_for({"shop", "web"}, {"web"});
  EXPECT_TRUE(was_asked("/api/v1beta1/watch/services"));
  EXPECT_FALSE(was_asked("/apis/"));
}

TEST_F(ApiSourceTest, WaitsForAServerThatIsAwayAtTheStart) {
  start_server();
  server_.reset();
  start_source();
  wait([this] {
    const auto status = source_->status();
    return !status[0].last_error.empty() && !status[1].last_error.empty();
  });
  start_server();
  put("services", service("web"));
  wait_for({"web"}, {});
}

TEST_F(ApiSourceTest, AServerThatComesBackWithItsStateIsNotListedAgain) {
  start_server();
  put("services", service("web"));
  start_source();
  wait_for({"web"}, {});
  apiserver::Options same;
  same.storage = server_->shared_storage();
  server_.reset();
  ASSERT_TRUE(same.storage->create("services", service("shop")).has_value());
  start_server(same);
  wait_for({"shop", "web"}, {});
  EXPECT_EQ(store_.service_sets(), 1);
}

TEST_F(ApiSourceTest, AServerThatComesBackAtALowerVersionIsListedAgain) {
  apiserver::Storage::Options later;
  later.first_version = 5000;
  apiserver::Options options;
  options.storage = std::make_shared<apiserver::Storage>(later);
  start_server(options);
  put("services", service("web"));
  put("endpointslices", slice("web-1", "web"));
  start_source();
  wait_for({"web"}, {"web-1"});
  server_.reset();
  start_server();
  put("services", service("shop"));
  wait_for({"shop"}, {});
}

TEST_F(ApiSourceTest, AServerThatComesBackAsAnotherVersionIsAskedAnew) {
  apiserver::Options old;
  old.release = apiserver::Release::k1_20;
  start_server(old);
  put("endpointslices", slice("web-1", "web"));
  start_source();
  wait_for({}, {"web-1"});
  apiserver::Options without_slices;
  without_slices.endpoint_slices = false;
  without_slices.storage = server_->shared_storage();
  server_.reset();
  start_server(without_slices);
  put("endpoints", endpoints("web"));
  wait_for({}, {"web"});
  EXPECT_EQ(endpoints_version(), "v1");
}

/// What the source told of the own node, as it went on.
struct NodeRecord {
  ApiSourceOptions options() {
    ApiSourceOptions options;
    options.node_name = "n1";
    options.on_node = [this](const std::optional<config::Node>& node) { told.push_back(node ? node->zone : "none"); };
    return options;
  }
  std::vector<std::string> told;
};

Json node(const std::string& name, const std::string& zone) {
  return {{"metadata", {{"name", name}, {"labels", {{"topology.kubernetes.io/zone", zone}}}}}};
}

TEST_F(ApiSourceTest, TellsOfTheOwnNodeAndNoOther) {
  start_server();
  put("nodes", node("n1", "a"));
  put("nodes", node("n2", "b"));
  NodeRecord record;
  start_source(record.options());
  wait([&] { return !record.told.empty(); });
  ASSERT_TRUE(server_->storage().replace("nodes", node("n2", "c")).has_value());
  ASSERT_TRUE(server_->storage().replace("nodes", node("n1", "d")).has_value());
  ASSERT_TRUE(server_->storage().remove("nodes", "", "n1").has_value());
  wait([&] { return record.told.size() >= 3; });
  EXPECT_EQ(record.told, (std::vector<std::string>{"a", "d", "none"}));
  EXPECT_TRUE(was_asked("/api/v1/nodes?"));
  EXPECT_TRUE(was_asked("fieldSelector=metadata.name%3Dn1"));
  EXPECT_EQ(source_->status().at(2).resource, "nodes");
}

TEST_F(ApiSourceTest, ANodeThatIsNotThereIsTold) {
  start_server();
  NodeRecord record;
  start_source(record.options());
  wait([&] { return !record.told.empty(); });
  EXPECT_EQ(record.told, (std::vector<std::string>{"none"}));
}

/// What the source told of the service ranges, as it went on.
struct RangeRecord {
  ApiSourceOptions options() {
    ApiSourceOptions options;
    options.on_service_ranges = [this](const std::vector<config::IpPrefix>& ranges) {
      std::string text;
      for (const config::IpPrefix& range : ranges) text += range.to_string() + " ";
      told.push_back(text);
    };
    return options;
  }
  std::vector<std::string> told;
};

Json service_cidr(const std::string& name, const std::vector<std::string>& ranges) {
  return {{"metadata", {{"name", name}}}, {"spec", {{"cidrs", ranges}}}};
}

TEST_F(ApiSourceTest, TellsOfTheServiceRangesOfAllObjectsTogether) {
  start_server();
  put("servicecidrs", service_cidr("kubernetes", {"10.96.0.0/16", "fd00:96::/112"}));
  RangeRecord record;
  start_source(record.options());
  wait([&] { return !record.told.empty(); });
  put("servicecidrs", service_cidr("more", {"10.97.0.0/16", "10.96.0.0/16", "no range"}));
  wait([&] { return record.told.size() >= 2; });
  ASSERT_TRUE(server_->storage().remove("servicecidrs", "", "kubernetes").has_value());
  wait([&] { return record.told.size() >= 3; });
  EXPECT_EQ(record.told,
            (std::vector<std::string>{"10.96.0.0/16 fd00:96::/112 ", "10.96.0.0/16 10.97.0.0/16 fd00:96::/112 ",
                                      "10.96.0.0/16 10.97.0.0/16 "}));
  EXPECT_EQ(source_->status().at(2).resource, "servicecidrs");
}

TEST_F(ApiSourceTest, TheApiOf2014IsNotAskedForNodes) {
  start_server();
  NodeRecord record;
  ApiSourceOptions options = record.options();
  options.historical = true;
  start_source(options);
  wait_for({}, {});
  EXPECT_TRUE(record.told.empty());
  EXPECT_FALSE(was_asked("/nodes"));
}

TEST_F(ApiSourceTest, StoppedBeforeItHeardAnythingItLeavesNothing) {
  start_server();
  start_source();
  stop_source();
}

TEST_F(ApiSourceTest, StoppedWhileTheServerIsAwayItLeavesNothing) {
  start_server();
  server_.reset();
  start_source();
  testing::run_until(context_, [this] { return clock_.sleepers() == 2; });
  stop_source();
}

}  // namespace
}  // namespace ferry::watch
