#include "proxy/settings/service_settings.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using std::chrono::seconds;

ServiceSettings settings_of(const std::map<std::string, std::string>& annotations) {
  return *read_settings(annotations).settings;
}

TEST(ServiceSettings, WithoutAnnotationsTheDefaultsAreOneSharedObject) {
  EXPECT_EQ(read_settings({}).settings, ServiceSettings::defaults());
  EXPECT_EQ(read_settings({{"load-balancing", "round-robin"}}).settings, ServiceSettings::defaults());
}

TEST(ServiceSettings, EveryAnnotationIsRead) {
  ServiceSettings all;
  all.load_balancing = LoadBalancing::kMaglev;
  all.slow_start = seconds{10};
  all.drain_timeout = seconds{90};
  all.max_connections = 100;
  all.idle_timeout = seconds{3600};
  all.hedged_dial = true;
  all.ejection = false;
  all.dead_peer_timeout = seconds{0};
  all.udp_responses = 2;
  all.proxy_protocol = true;
  EXPECT_EQ(settings_of({{"load-balancing", "maglev"},
                         {"slow-start", "10s"},
                         {"drain-timeout", "1m30s"},
                         {"max-connections", "100"},
                         {"idle-timeout", "1h"},
                         {"hedged-dial", "true"},
                         {"ejection", "off"},
                         {"dead-peer-timeout", "0"},
                         {"udp-responses", "2"},
                         {"proxy-protocol", "v2"}}),
            all);
}

TEST(ServiceSettings, EveryDescriptionIsOfAKeyThatIsKnown) {
  for (const SettingDescription& description : setting_descriptions()) {
    const auto read = read_settings({{std::string(description.key), "\n"}}).read;
    EXPECT_EQ(read.at(0).error, "write " + std::string(description.values));
  }
}

TEST(ServiceSettings, EveryAlgorithmIsReadAndWrittenBack) {
  for (const char* const name : {"round-robin", "least-connections", "peak-ewma", "maglev", "random"}) {
    EXPECT_EQ(to_string(settings_of({{"load-balancing", name}}).load_balancing), name);
  }
}

TEST(ServiceSettings, AWrongOneLeavesItsDefaultAndTheOthersAlone) {
  const ReadSettings read = read_settings({{"load-balancing", "fastest"}, {"max-connections", "7"}});
  EXPECT_EQ(read.settings->load_balancing, LoadBalancing::kRoundRobin);
  EXPECT_EQ(read.settings->max_connections, 7U);
  EXPECT_EQ(read.read.at(0), (ReadSetting{"load-balancing", "fastest", "round-robin",
                                          "write round-robin, least-connections, peak-ewma, maglev or random"}));
  EXPECT_EQ(read.read.at(1), (ReadSetting{"max-connections", "7", "7", ""}));
}

TEST(ServiceSettings, ValuesOutOfRangeAreWrong) {
  for (const auto& [key, value] : std::map<std::string, std::string>{{"slow-start", "-1s"},
                                                                     {"drain-timeout", "soon"},
                                                                     {"idle-timeout", "1us"},
                                                                     {"max-connections", "-1"},
                                                                     {"udp-responses", "4294967296"},
                                                                     {"hedged-dial", "yes"},
                                                                     {"ejection", ""},
                                                                     {"dead-peer-timeout", "30"},
                                                                     {"proxy-protocol", "v1"}}) {
    const ReadSettings read = read_settings({{key, value}});
    EXPECT_EQ(read.settings, ServiceSettings::defaults()) << key;
    EXPECT_NE(read.read.at(0).error, "") << key;
  }
}

TEST(ServiceSettings, AKeyThatNobodyKnowsIsSaid) {
  EXPECT_EQ(read_settings({{"load-balancer", "maglev"}}).read.at(0),
            (ReadSetting{"load-balancer", "maglev", "", "there is no such annotation"}));
}

TEST(ServiceSettings, TheDocumentHasARowForEach) {
  std::ifstream file(std::string(FERRY_TEST_DATA) + "/../../docs/annotations.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const SettingDescription& one : setting_descriptions()) {
    std::stringstream row;
    row << "\n| `" << one.key << "` | " << one.values << " | " << one.without << " | " << one.meaning << " |\n";
    EXPECT_NE(text.str().find(row.str()), std::string::npos) << row.str();
  }
}

}  // namespace
}  // namespace ferry::proxy
