#include "proxy/cli/explain.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/proxy/cli/fake_api.h"

namespace ferry::cli {
namespace {

class Explain : public ::testing::Test {
 protected:
  int run(const ServiceName& service, const std::string& port = "") {
    const Ask ask = [this](const std::string& target) -> Answer {
      const testing::FakeAnswer answer = api_.get(target);
      if (answer.status == 200) return Json::parse(answer.body);
      return AskError{AskError::Kind::kRefused, answer.status, Json::parse(answer.body)["error"].get<std::string>()};
    };
    return explain({.service = service, .port = port}, ask, {out_, err_});
  }

  testing::FakeApi api_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Explain, SaysOfEachEndpointWhetherItIsUsedAndWhy) {
  EXPECT_EQ(run({"default", "web"}, "http"), 0);
  EXPECT_EQ(out_.str(),
            "default/web:http  TCP port 80\n"
            "  addresses:  10.96.0.10:80, *:30080\n"
            "  balancing:  round-robin\n"
            "  annotation: kube-ferry.io/max-connections: 100\n"
            "  annotation: kube-ferry.io/load-balancing: magic  WRONG: give round-robin, least-connections or maglev; "
            "round-robin is in force\n"
            "  connections to 10.96.0.10:80 are carried to 2 of 5 endpoints, round robin\n"
            "  endpoints:\n"
            "    10.244.1.7:8080  used\n"
            "                     on node-1 (this node), 2 open, 60 dialled, 0.4ms to connect\n"
            "    10.244.2.7:8080  not used for now: refused a connection 3 s ago; left out for 2 s more\n"
            "                     on node-2, 0 open, 12 dialled, 2 failed\n"
            "    10.244.2.8:8080  used though it is terminating: no ready endpoint is left\n"
            "                     on node-2, 1 open, 28 dialled, 12ms to connect\n"
            "    10.244.3.7:8080  not used any more, its connections go on: not ready\n"
            "                     1 open, 4 dialled, 0.3ms to connect\n"
            "    [fd00::7]:8080   not used: in another zone\n"
            "                     on node-3, never dialled\n"
            "\n"
            "default/web:http: 2 of 5 endpoints take new connections (1 draining, 1 ejected, 1 unused)\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(Explain, AServiceWithoutEndpointsSaysSo) {
  EXPECT_EQ(run({"default", "db"}), 0);
  EXPECT_EQ(out_.str(),
            "default/db  TCP port 5432\n"
            "  addresses:  10.96.0.11:5432\n"
            "  balancing:  round-robin\n"
            "  endpoints:  none\n"
            "\n"
            "default/db has no endpoints\n");
}

TEST_F(Explain, EveryPortIsExplainedAndSummedUpInOneLine) {
  Json second = api_.service_ports[1];
  second["port"] = "admin";
  second["number"] = 8081;
  api_.service_ports.push_back(second);
  EXPECT_EQ(run({"default", "db"}), 0);
  EXPECT_TRUE(out_.str().ends_with("\ndefault/db has no endpoints; default/db:admin has no endpoints\n")) << out_.str();
  out_.str("");
  EXPECT_EQ(run({"default", "db"}, "8081"), 0);
  EXPECT_TRUE(out_.str().starts_with("default/db:admin  TCP port 8081\n")) << out_.str();
}

TEST_F(Explain, AnUnknownPortIsMetWithThoseThereAre) {
  EXPECT_EQ(run({"default", "web"}, "https"), 1);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "kube-ferry: default/web has no port https; give one of http (80)\n");
}

TEST_F(Explain, AnUnknownServiceIsMetWithTheNearest) {
  const std::vector<std::pair<ServiceName, std::string>> table{
      // The right name in another namespace, and a part of a name.
      {{"kube-system", "web"}, "there is no service kube-system/web; did you mean default/web?"},
      {{"kube-system", "dn"}, "there is no service kube-system/dn; did you mean kube-system/dns?"},
      // A slip of the pen.
      {{"default", "wbe"}, "there is no service default/wbe; did you mean default/web?"},
      {{"default", "payments"}, "there is no service default/payments; kube-ferry get services lists those there are"},
      {{"x\x1b", "y"}, "there is no service x\\x1b/y; kube-ferry get services lists those there are"},
  };
  for (const auto& [service, sentence] : table) {
    err_.str("");
    EXPECT_EQ(run(service), 1);
    EXPECT_EQ(err_.str(), "kube-ferry: " + sentence + "\n");
  }
}

TEST_F(Explain, TheSameNameInAnotherNamespaceIsOfferedFirst) {
  for (const char* const name : {"a-web", "web-canary", "web"}) {
    api_.service_ports.push_back(api_.service_ports.front());
    api_.service_ports.back()["namespace"] = "shop";
    api_.service_ports.back()["name"] = name;
  }
  EXPECT_EQ(run({"kube-system", "web"}), 1);
  EXPECT_EQ(err_.str(),
            "kube-ferry: there is no service kube-system/web; did you mean default/web, shop/web, shop/a-web, "
            "shop/web-canary?\n");
}

TEST_F(Explain, AnotherErrorIsSaidAsItIs) {
  api_.instead["/api/services/default/web"] = {503, R"({"error": "too busy"})"};
  EXPECT_EQ(run({"default", "web"}), 1);
  EXPECT_EQ(err_.str(), "kube-ferry: too busy\n");
}

TEST_F(Explain, AServiceThatIsGoneSaysSo) {
  api_.service_ports[0]["removed"] = true;
  EXPECT_EQ(run({"default", "web"}), 0);
  EXPECT_TRUE(out_.str().ends_with("\ndefault/web:http is gone; only its open connections go on\n")) << out_.str();
}

}  // namespace
}  // namespace ferry::cli
