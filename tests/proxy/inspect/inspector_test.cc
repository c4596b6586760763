#include "proxy/inspect/inspector.h"

#include <mutex>
#include <optional>

#include <gtest/gtest.h>

#include "tests/proxy/dataplane/dataplane_fixture.h"
#include "tests/proxy/steering/fake_steering.h"

namespace ferry::proxy::testing {
namespace {

/// An inspector of a real data path; its loop is run by the test.
class InspectorTest : public DataplaneFixture {
 protected:
  InspectorTest() {
    InspectorSources sources;
    sources.steering = &steering_;
    sources.version = "1.2.3";
    sources.node = "node-1";
    sources.synced = sources.healthy = [] { return true; };
    sources.last_change = [] { return std::chrono::system_clock::time_point{}; };
    sources.watches = sources.files = [] { return Json::array(); };
    sources.describe = [this](const config::NamespacedName& name, auto tell) {
      tell(name == description_.service.name ? std::optional(description_) : std::nullopt);
    };
    description_.service.name = {"ns", "known"};
    inspector_.emplace(loop_, dataplane(), std::move(sources));
    inspector_->add_to(routes_, [] { return true; });
    inspector_->add_to(hidden_, [] { return false; });
  }

  Response ask(const std::string& target, const Routes& routes) {
    std::mutex mutex;
    std::optional<Response> answer;
    const Request request = Request::parse(target);
    routes.find(request.path)->handler(request, [&](Response response) {
      const std::lock_guard lock(mutex);
      answer = std::move(response);
    });
    EXPECT_TRUE(wait_until([&] {
      loop_.restart();
      loop_.poll();
      const std::lock_guard lock(mutex);
      return answer.has_value();
    }));
    return answer.value_or(Response{});
  }
  Json json(const std::string& target) { return Json::parse(ask(target, routes_).body); }

  FakeSteering steering_;
  boost::asio::io_context loop_;
  config::ServiceDescription description_;
  std::optional<Inspector> inspector_;
  Routes routes_;
  Routes hidden_;
};

TEST_F(InspectorTest, TheStatusSumsUpEverything) {
  const Json status = json("/api/status");
  EXPECT_EQ(status["version"], "1.2.3");
  EXPECT_EQ(status["node"], "node-1");
  EXPECT_EQ(status["lastChangeAt"], nullptr);
  EXPECT_EQ(status["servicePorts"], 0);
  EXPECT_EQ(status["connections"]["open"], 0);
  EXPECT_EQ(status["history"]["interval"], 5);
}

TEST_F(InspectorTest, TheStatusSaysWhatIsSteeredAndHowFullTheKernelsMapsAre) {
  SteeringSnapshot& steering = steering_.shown;
  steering.pinned = true;
  steering.pauses = 7;
  steering.totals = {.dialled = 90, .failed = 2, .given_up = 1, .closed = 80, .bytes_to_endpoint = 5};
  steering.maps = {{"endpoints", 12, 1000}};
  steering.service_ports[{{"ns", "a"}, "", config::Protocol::kTcp}] = {};
  steering.service_ports[{{"ns", "b"}, "", config::Protocol::kTcp}] = paused();
  const Json expected{
      {"on", true},
      {"why", ""},
      {"pinned", true},
      {"servicePorts", {{"steered", 1}, {"relayed", 0}, {"paused", 1}}},
      {"connections",
       {{"open", 7}, {"accepted", 90}, {"failed", 2}, {"givenUp", 1}, {"bytesToBackend", 5}, {"bytesToClient", 0}}},
      {"pauses", 7},
      {"maps", Json::array({{{"name", "endpoints"}, {"entries", 12}, {"most", 1000}}})}};
  EXPECT_EQ(json("/api/status")["steering"], expected);
  steering_.shown = none_steered("the control group is none of version 2");
  const Json off = json("/api/status")["steering"];
  EXPECT_EQ(off["on"], false);
  EXPECT_EQ(off["why"], "the control group is none of version 2");
}

TEST_F(InspectorTest, ListsAndDetailsAreToldOfSteering) {
  const TestService service = new_service("steered", {});
  set(service);
  const config::ServicePortName name = *dataplane().ports()[0].served->name();
  description_.service.name = name.service;
  description_.served = true;
  description_.service.cluster_ips = {*config::IpAddress::parse("10.96.0.1")};
  description_.service.ports = {{.name = name.port, .protocol = config::Protocol::kTcp, .port = 80}};
  description_.ports = {{name, {}}};
  steering_.shown.service_ports[name].connections.dialled = 3;
  EXPECT_EQ(json("/api/services")["items"][0]["steering"]["connections"]["accepted"], 3);
  EXPECT_TRUE(ask("/api/stream?view=services", routes_).body.find("\"steered\":true") != std::string::npos);
  const std::string detail = "/api/services/" + name.service.ns + "/" + name.service.name;
  EXPECT_EQ(json(detail)["ports"][0]["steering"]["connections"]["accepted"], 3);
}

TEST_F(InspectorTest, ListsServicesAndTheirConnections) {
  TestListener listener;
  const TestService service = new_service("seen", {backend_at(listener)});
  set(service);
  const TestSocket client = connect(service);
  const TestSocket server = listener.accept();
  server.send("!");
  EXPECT_EQ(client.receive(1), "!");
  EXPECT_EQ(json("/api/services")["items"][0]["connections"]["open"], 1);
  const Json connections = json("/api/connections");
  EXPECT_EQ(connections["open"], 1);
  EXPECT_EQ(connections["items"][0]["client"], "127.0.0.1:" + std::to_string(client.own_port()));
  EXPECT_EQ(connections["items"][0]["endpoint"], "127.0.0.1:" + std::to_string(listener.port()));
  EXPECT_EQ(json("/api/connections?service=ns%2Fother")["shown"], 0);
  const Json hidden = Json::parse(ask("/api/connections", hidden_).body);
  EXPECT_EQ(hidden["clientsHidden"], true);
  EXPECT_EQ(hidden["items"][0]["client"], nullptr);
}

TEST_F(InspectorTest, AServiceIsToldOrMissing) {
  EXPECT_EQ(json("/api/services/ns/known")["name"], "known");
  const Response missing = ask("/api/services/ns/other", routes_);
  EXPECT_EQ(missing.status, 404U);
  EXPECT_EQ(Json::parse(missing.body)["error"], "there is no service ns/other");
}

TEST_F(InspectorTest, WrongQuestionsAreAnsweredWithASentence) {
  for (const char* const target : {"/api/services?sort=size", "/api/services/ns", "/api/services/ns/a/b",
                                   "/api/connections?limit=many", "/api/connections?service=x"}) {
    const Response answer = ask(target, routes_);
    EXPECT_EQ(answer.status, 400U) << target;
    EXPECT_TRUE(Json::parse(answer.body)["error"].is_string()) << target;
  }
}

TEST_F(InspectorTest, AStreamSendsTheSameAsEvents) {
  EXPECT_EQ(ask("/api/stream?view=services", routes_).body,
            "event: services\ndata: {\"total\":0,\"matched\":0,\"offset\":0,\"items\":[]}\n\n");
  EXPECT_TRUE(ask("/api/stream?view=status", routes_).body.starts_with("event: status\ndata: {\"version\""));
  EXPECT_TRUE(ask("/api/stream?view=service&service=ns/other", routes_).body.starts_with("event: error\ndata: {"));
  EXPECT_TRUE(ask("/api/stream?view=service&service=ns/known", routes_).body.starts_with("event: service\ndata: {"));
  EXPECT_TRUE(ask("/api/stream", routes_).body.starts_with("event: error\ndata: {"));
}

}  // namespace
}  // namespace ferry::proxy::testing
