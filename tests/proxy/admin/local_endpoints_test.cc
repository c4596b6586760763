#include "proxy/admin/local_endpoints.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Backends = std::vector<config::Backend>;

config::Backend backend(const char* address, std::uint16_t port, bool terminating = false) {
  return {config::IpAddress::parse(address).value(), port, true, terminating};
}

/// One service, whose ports a test brings to a state.
class LocalEndpointsTest : public ::testing::Test {
 protected:
  config::ServicePortChange change(const std::string& port, std::uint16_t check_port, const Backends& local) {
    auto info = std::make_shared<config::ServicePortInfo>();
    info->name = name_of(port);
    info->health_check_node_port = check_port;
    for (const config::Backend& each : local) {
      auto set = *info->backends_of(each.address.family()).local;
      set.backends.push_back(each);
      info->backends.at(static_cast<std::size_t>(each.address.family())).local =
          std::make_shared<const config::BackendSet>(set);
    }
    return {info->name, nullptr, info};
  }
  static config::ServicePortChange removal(const std::string& port) { return {name_of(port), nullptr, nullptr}; }
  static config::ServicePortName name_of(const std::string& port) {
    return {{"ns", "web"}, port, config::Protocol::kTcp};
  }
  LocalEndpoints news(std::uint16_t port, std::size_t count) const { return {{"ns", "web"}, port, count}; }

  LocalEndpointCounter counter_;
};

TEST_F(LocalEndpointsTest, AServiceWithoutAHealthCheckNodePortIsNoNews) {
  EXPECT_THAT(counter_.apply({change("http", 0, {backend("10.0.0.1", 80)})}), IsEmpty());
  EXPECT_THAT(counter_.apply({removal("http")}), IsEmpty());
}

TEST_F(LocalEndpointsTest, AnAddressCountsOnceWhateverTheNumberOfItsPorts) {
  EXPECT_THAT(counter_.apply({change("http", 32000, {backend("10.0.0.1", 80), backend("10.0.0.2", 80)}),
                              change("https", 32000, {backend("10.0.0.1", 443)})}),
              ElementsAre(news(32000, 2)));
}

TEST_F(LocalEndpointsTest, BothFamiliesCountAndTerminatingOnesDoNot) {
  EXPECT_THAT(counter_.apply({change(
                  "http", 32000, {backend("10.0.0.1", 80), backend("10.0.0.2", 80, true), backend("fd00::1", 80)})}),
              ElementsAre(news(32000, 2)));
}

TEST_F(LocalEndpointsTest, OnlyWhatChangedIsNews) {
  counter_.apply({change("http", 32000, {backend("10.0.0.1", 80)})});
  EXPECT_THAT(counter_.apply({change("http", 32000, {backend("10.0.0.2", 80)})}), IsEmpty());
  EXPECT_THAT(counter_.apply({change("http", 32000, {})}), ElementsAre(news(32000, 0)));
  EXPECT_THAT(counter_.apply({change("http", 32001, {})}), ElementsAre(news(32001, 0)));
}

TEST_F(LocalEndpointsTest, ItEndsWithTheLastPortOrWithThePolicy) {
  counter_.apply({change("http", 32000, {}), change("https", 32000, {})});
  EXPECT_THAT(counter_.apply({removal("http")}), IsEmpty());
  EXPECT_THAT(counter_.apply({removal("https")}), ElementsAre(news(0, 0)));
  counter_.apply({change("http", 32000, {})});
  EXPECT_THAT(counter_.apply({change("http", 0, {})}), ElementsAre(news(0, 0)));
}

}  // namespace
}  // namespace ferry::proxy
