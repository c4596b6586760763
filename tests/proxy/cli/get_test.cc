#include "proxy/cli/get.h"

#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/proxy/cli/fake_api.h"

namespace ferry::cli {
namespace {

using Format = GetOptions::Format;
using Resource = GetOptions::Resource;

class Get : public ::testing::Test {
 protected:
  int run(const GetOptions& options) {
    const Ask ask = [this](const std::string& target) -> Answer {
      targets_.push_back(target);
      const testing::FakeAnswer answer = api_.get(target);
      if (answer.status == 200) return Json::parse(answer.body);
      return AskError{AskError::Kind::kRefused, answer.status, Json::parse(answer.body)["error"].get<std::string>()};
    };
    return get(options, ask, {out_, err_});
  }

  testing::FakeApi api_;
  std::vector<std::string> targets_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Get, ServicesAreATable) {
  EXPECT_EQ(run({}), 0);
  EXPECT_EQ(out_.str(),
            "NAMESPACE     NAME   PORT       ADDRESS            ENDPOINTS   OPEN   CONN/S   FAIL/S   BYTES/S\n"
            "default       db     5432/TCP   10.96.0.11:5432    0/0            0      0.0      0.0         0\n"
            "default       web    http/TCP   10.96.0.10:80 +1   2/3            3      1.5      0.2      2.0K\n"
            "kube-system   dns    dns/UDP    10.96.0.12:53      2/2            0     40.2      0.0         0\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(Get, WideServicesHaveMoreColumns) {
  EXPECT_EQ(run({.format = Format::kWide, .pattern = "10.96.0.10"}), 0);
  EXPECT_EQ(out_.str(),
            "NAMESPACE   NAME   PORT       ADDRESSES               ENDPOINTS   OPEN   CONN/S   FAIL/S   BYTES/S   "
            "BALANCING     PATH    DRAINING   ACCEPTED   FAILED   RETRIED   TO-BACKEND   TO-CLIENT     P50     P99\n"
            "default     web    http/TCP   10.96.0.10:80,*:30080   2/3            3      1.5      0.2      2.0K   "
            "round-robin   relay          1        100        2         1         4.9K       87.9K   0.2ms   1.1ms\n");
}

TEST_F(Get, SteeredConnectionsCountAsWellAsCarriedOnes) {
  api_.service_ports[0]["steering"] = Json::parse(R"({"steered": true, "why": "", "paused": false, "connections":
    {"open": 40, "accepted": 900, "failed": 3, "givenUp": 1, "bytesToBackend": 1048576, "bytesToClient": 2097152}})");
  EXPECT_EQ(run({.format = Format::kWide, .pattern = "10.96.0.10"}), 0);
  EXPECT_EQ(
      out_.str(),
      "NAMESPACE   NAME   PORT       ADDRESSES               ENDPOINTS   OPEN   CONN/S   FAIL/S   BYTES/S   "
      "BALANCING     PATH      DRAINING   ACCEPTED   FAILED   RETRIED   TO-BACKEND   TO-CLIENT     P50     P99\n"
      "default     web    http/TCP   10.96.0.10:80,*:30080   2/3           43      1.5      0.2      2.0K   "
      "round-robin   steered          1       1000        5         1         1.0M        2.1M   0.2ms   1.1ms\n");
}

TEST_F(Get, APathThatIsClosedForAWhileIsToldFromTheRelayForGood) {
  api_.service_ports[0]["steering"] = Json{{"steered", false}, {"paused", true}};
  api_.service_ports[1]["steering"] = Json{{"steered", false}, {"paused", false}};
  EXPECT_EQ(run({.format = Format::kWide, .namespace_name = "default"}), 0);
  EXPECT_NE(out_.str().find("  relay  "), std::string::npos) << out_.str();
  EXPECT_NE(out_.str().find("  paused  "), std::string::npos) << out_.str();
}

TEST_F(Get, ServicesAreSortedByWhatIsAskedFor) {
  EXPECT_EQ(run({.sort = SortKey::kConnections}), 0);
  EXPECT_LT(out_.str().find("dns"), out_.str().find("web"));
  EXPECT_LT(out_.str().find("web"), out_.str().find("db"));
}

TEST_F(Get, ServicesAsJsonAreOneListOfAllPages) {
  api_ = testing::FakeApi(600);
  EXPECT_EQ(run({.format = Format::kJson}), 0);
  const Json list = Json::parse(out_.str());
  EXPECT_EQ(list["total"], 603);
  EXPECT_EQ(list["matched"], 603);
  EXPECT_EQ(list["offset"], 0);
  EXPECT_EQ(list["items"].size(), 603U);
  EXPECT_EQ(list["items"][1], Json::parse(api_.get("/api/services?q=default/web").body)["items"][0]);
  EXPECT_TRUE(out_.str().starts_with("{\n  \"total\": 603,\n")) << out_.str().substr(0, 40);
}

TEST_F(Get, JsonHoldsNothingThatATerminalActsUpon) {
  api_.connections["items"][0]["client"] = "\x1b[2J\x7f\u009b\u202e";
  EXPECT_EQ(run({.resource = Resource::kConnections, .format = Format::kJson}), 0);
  for (const char c : out_.str()) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
  EXPECT_EQ(Json::parse(out_.str()), api_.connections);
}

TEST_F(Get, NoMatchIsSaidBeside) {
  EXPECT_EQ(run({.pattern = "pay\x1b", .namespace_name = "default"}), 0);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(),
            "kube-ferry: there are no services in namespace default with 'pay\\x1b' in their names or addresses\n");
}

TEST_F(Get, EndpointsOfOneServiceAreOneRequest) {
  EXPECT_EQ(run({.resource = Resource::kEndpoints, .service = ServiceName{"default", "web"}}), 0);
  EXPECT_EQ(targets_, std::vector<std::string>{"/api/services/default/web"});
  EXPECT_EQ(out_.str(),
            "NAMESPACE   NAME   PORT       ENDPOINT          STATE         OPEN   NODE     WHY\n"
            "default     web    http/TCP   10.244.1.7:8080   used             2   node-1   -\n"
            "default     web    http/TCP   10.244.2.7:8080   ejected          0   node-2   refused a connection 3 s "
            "ago; left out for 2 s more\n"
            "default     web    http/TCP   10.244.2.8:8080   terminating      1   node-2   no ready endpoint is left\n"
            "default     web    http/TCP   10.244.3.7:8080   draining         1   -        not ready\n"
            "default     web    http/TCP   [fd00::7]:8080    unused           0   node-3   in another zone\n");
}

TEST_F(Get, EndpointsOfAllServicesAskOnlyThoseThatMatch) {
  EXPECT_EQ(run({.resource = Resource::kEndpoints, .format = Format::kWide, .namespace_name = "default"}), 0);
  EXPECT_EQ(targets_, (std::vector<std::string>{"/api/services?sort=name&offset=0&limit=500&q=default%2F",
                                                "/api/services/default/db", "/api/services/default/web"}));
  EXPECT_TRUE(out_.str().starts_with(
      "NAMESPACE   NAME   PORT       ENDPOINT          STATE         OPEN   DIALLED   FAILED   RETRIED   TO-BACKEND   "
      "TO-CLIENT   CONNECT   LOCAL   NODE     WHY\n"
      "default     web    http/TCP   10.244.1.7:8080   used             2        60        0         0         2.9K   "
      "    48.8K     0.4ms   yes     node-1   -\n"))
      << out_.str();
}

TEST_F(Get, EndpointsOfMoreServicesThanAThousandAreCutAndSaidSo) {
  api_ = testing::FakeApi(1200);
  EXPECT_EQ(run({.resource = Resource::kEndpoints, .format = Format::kJson, .namespace_name = "load"}), 0);
  EXPECT_EQ(Json::parse(out_.str())["items"].size(), 1000U);
  EXPECT_EQ(err_.str(),
            "kube-ferry: only the endpoints of the first 1000 services are shown; name a namespace with -n, or one "
            "service\n");
}

TEST_F(Get, AServiceThatGoesMeanwhileIsLeftOutOfAllEndpoints) {
  api_.instead["/api/services/default/db"] = {404, R"({"error": "there is no service default/db"})"};
  EXPECT_EQ(run({.resource = Resource::kEndpoints}), 0);
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(run({.resource = Resource::kEndpoints, .service = ServiceName{"default", "db"}}), 1);
  EXPECT_EQ(err_.str(), "kube-ferry: there is no service default/db\n");
}

TEST_F(Get, OneServicesEndpointsAsJsonAreTheApisAnswer) {
  EXPECT_EQ(run({.resource = Resource::kEndpoints, .format = Format::kJson, .service = ServiceName{"default", "web"}}),
            0);
  EXPECT_EQ(Json::parse(out_.str()), Json::parse(api_.get("/api/services/default/web").body));
}

TEST_F(Get, ConnectionsAreATable) {
  EXPECT_EQ(run({.resource = Resource::kConnections, .service = ServiceName{"default", "web"}, .limit = 2}), 0);
  EXPECT_EQ(targets_, std::vector<std::string>{"/api/connections?limit=2&service=default/web"});
  EXPECT_EQ(out_.str(),
            "SERVICE            CLIENT             ADDRESS           ENDPOINT          STATE      TO-BACKEND   "
            "TO-CLIENT    AGE\n"
            "default/web:http   10.244.0.5:51234   10.96.0.10:80     10.244.1.7:8080   carried           100        "
            "2.0K   2m5s\n"
            "default/db         -                  10.96.0.11:5432   -                 dialling            0        "
            "   0     0s\n");
  EXPECT_EQ(err_.str(),
            "kube-ferry: 2 of the 3 connections that the relay carries are shown; --limit N shows more, up to 1000\n");
}

TEST_F(Get, NoConnectionsAreSaidBeside) {
  api_.connections = Json::parse(R"({"open": 0, "shown": 0, "clientsHidden": false, "items": []})");
  EXPECT_EQ(run({.resource = Resource::kConnections}), 0);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "kube-ferry: the relay carries no connections\n");
}

}  // namespace
}  // namespace ferry::cli
