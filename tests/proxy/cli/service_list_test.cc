#include "proxy/cli/service_list.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/cli/decode.h"
#include "proxy/cli/service_sort.h"
#include "tests/proxy/cli/fake_api.h"

namespace ferry::cli {
namespace {

/// Answers as the daemon would, and remembers what it was asked.
struct Asked {
  explicit Asked(std::size_t others = 0) : api(others) {}

  Ask ask() {
    return [this](const std::string& target) -> Answer {
      targets.push_back(target);
      const testing::FakeAnswer answer = api.get(target);
      if (answer.status != 200) return AskError{AskError::Kind::kRefused, answer.status, answer.body};
      return Json::parse(answer.body);
    };
  }

  testing::FakeApi api;
  std::vector<std::string> targets;
};

constexpr std::size_t kMany = 100'000;

std::vector<std::string> names(const CollectedServices& collected) {
  std::vector<std::string> result;
  for (const Json& item : collected.items) result.push_back(item["name"].get<std::string>());
  return result;
}

TEST(CollectServices, NoneAreOneRequestAndNoItems) {
  Asked daemon;
  daemon.api.service_ports.clear();
  const auto collected = std::get<CollectedServices>(collect_services(daemon.ask(), {}, kMany));
  EXPECT_EQ(names(collected), std::vector<std::string>{});
  EXPECT_EQ(daemon.targets, std::vector<std::string>{"/api/services?sort=name&offset=0&limit=500"});
}

TEST(CollectServices, PagesFollowEachOtherUntilTheLast) {
  Asked daemon(1200);
  const auto collected = std::get<CollectedServices>(collect_services(daemon.ask(), {}, kMany));
  EXPECT_EQ(collected.items.size(), 1203U);
  EXPECT_EQ(collected.total, 1203U);
  EXPECT_FALSE(collected.cut);
  EXPECT_EQ(daemon.targets.size(), 3U);
}

TEST(CollectServices, APatternIsEscapedInTheQuery) {
  Asked daemon;
  collect_services(daemon.ask(), {"a&b=%", ""}, kMany);
  EXPECT_EQ(daemon.targets, std::vector<std::string>{"/api/services?sort=name&offset=0&limit=500&q=a%26b%3D%25"});
}

TEST(CollectServices, ANamespaceIsMetExactly) {
  Asked daemon;
  daemon.api.service_ports.push_back(daemon.api.service_ports.front());
  daemon.api.service_ports.back()["namespace"] = "not-default";
  const auto collected = std::get<CollectedServices>(collect_services(daemon.ask(), {"", "default"}, kMany));
  EXPECT_EQ(names(collected), (std::vector<std::string>{"db", "web"}));
}

TEST(CollectServices, TheBoundIsSaid) {
  Asked daemon(10);
  const auto collected = std::get<CollectedServices>(collect_services(daemon.ask(), {}, 5));
  EXPECT_EQ(collected.items.size(), 5U);
  EXPECT_TRUE(collected.cut);
}

TEST(CollectServices, AListThatRepeatsItselfWithoutEndIsLeft) {
  const Ask ask = [](const std::string&) -> Answer {
    return Json::parse(R"({"total": 1, "matched": 18446744073709551615, "items": [{"namespace": "a", "name": "b"}]})");
  };
  const auto collected = std::get<CollectedServices>(collect_services(ask, {}, kMany));
  EXPECT_EQ(collected.items.size(), 1U);
  EXPECT_TRUE(collected.cut);
}

TEST(CollectServices, AnErrorOfAPageIsTheResult) {
  Asked daemon(600);
  daemon.api.instead["/api/services?sort=name&offset=500&limit=500"] = {503, "busy"};
  EXPECT_EQ(std::get<AskError>(collect_services(daemon.ask(), {}, kMany)).sentence, "busy");
}

TEST(SortServices, TheLargestFirstAndEqualOnesByName) {
  std::vector<ServicePort> services(4);
  services[0].name = "d";
  services[1].name = "b";
  services[2].name = "c";
  services[3].name = "a";
  services[0].connect.p99 = 0.0;
  services[2].connections.open = 7;
  const auto order = [&services] {
    std::string text;
    for (const ServicePort& service : services) text += service.name;
    return text;
  };
  sort_services(services, SortKey::kOpen);
  EXPECT_EQ(order(), "cabd");
  sort_services(services, SortKey::kName);
  EXPECT_EQ(order(), "abcd");
  sort_services(services, SortKey::kP99);
  EXPECT_EQ(order(), "dabc");
}

TEST(SortKeys, AreCalledAsTheApiCallsThem) {
  EXPECT_EQ(sort_key_names(), "name, endpoints, ejected, open, connections, failures, bytes, accepted or p99");
  for (const SortKey key : kSortKeys) EXPECT_EQ(sort_key_of(name_of(key)), key);
  EXPECT_EQ(sort_key_of("size"), std::nullopt);
}

}  // namespace
}  // namespace ferry::cli
