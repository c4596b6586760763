#include "proxy/metrics/network_programming.h"

#include <string>

#include <gtest/gtest.h>

#include "proxy/metrics/metrics_page.h"

namespace ferry::proxy {
namespace {

NetworkProgramming::WallTime at(double seconds) {
  return NetworkProgramming::WallTime{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::duration<double>(seconds))};
}

/// What follows "kubeproxy_network_programming_duration_seconds" and `suffix` on the page.
std::string value_of(const NetworkProgramming& programming, const std::string& suffix) {
  MetricsPage page;
  page.add([&programming] { return programming.collect(); });
  const std::string text = page.render().body;
  const std::string name = "\nkubeproxy_network_programming_duration_seconds" + suffix + " ";
  const auto start = text.find(name);
  if (start == std::string::npos) return "none";
  return text.substr(start + name.size(), text.find('\n', start + 1) - start - name.size());
}

TEST(NetworkProgramming, WithoutAChangeThereIsNothingToTell) {
  NetworkProgramming programming;
  programming.count_from(at(0));
  programming.carried_out(1, at(1));
  EXPECT_FALSE(programming.waiting());
  EXPECT_EQ(value_of(programming, "_count"), "0");
}

TEST(NetworkProgramming, AChangeCountsWhenEveryWorkerHasItsBatch) {
  NetworkProgramming programming;
  programming.count_from(at(10));
  programming.handed_over({at(11), at(12)}, 5);
  programming.handed_over({at(13)}, 6);
  programming.carried_out(4, at(13));
  EXPECT_EQ(value_of(programming, "_count"), "0");
  programming.carried_out(5, at(13.25));
  EXPECT_TRUE(programming.waiting());
  EXPECT_EQ(value_of(programming, "_count"), "2");
  EXPECT_EQ(value_of(programming, "_sum"), "3.5");
  programming.carried_out(9, at(14));
  EXPECT_FALSE(programming.waiting());
  EXPECT_EQ(value_of(programming, "_sum"), "4.5");
}

TEST(NetworkProgramming, WhatWasTriggeredBeforeTheStartIsNotCounted) {
  NetworkProgramming programming;
  programming.handed_over({at(1000)}, 1);
  EXPECT_FALSE(programming.waiting()) << "not started";
  programming.count_from(at(10));
  programming.handed_over({at(9.9), at(10)}, 1);
  programming.carried_out(1, at(11));
  EXPECT_EQ(value_of(programming, "_count"), "1");
}

TEST(NetworkProgramming, AClockAheadOfOursIsNoTimeSpent) {
  NetworkProgramming programming;
  programming.count_from(at(0));
  programming.handed_over({at(20)}, 1);
  programming.carried_out(1, at(10));
  EXPECT_EQ(value_of(programming, "_sum"), "0");
  EXPECT_EQ(value_of(programming, "_bucket{le=\"0.25\"}"), "1");
}

TEST(NetworkProgramming, TheBucketsAreKubeProxys) {
  const NetworkProgramming programming;
  for (const char* const bound : {"0.25", "0.5", "1", "2", "59", "60", "65", "115", "120", "150", "300", "+Inf"}) {
    EXPECT_EQ(value_of(programming, std::string("_bucket{le=\"") + bound + "\"}"), "0") << bound;
  }
  for (const char* const bound : {"0", "61", "116", "121", "330"}) {
    EXPECT_EQ(value_of(programming, std::string("_bucket{le=\"") + bound + "\"}"), "none") << bound;
  }
}

TEST(NetworkProgramming, ChangesThatNobodyTakesOverAreBounded) {
  NetworkProgramming programming;
  programming.count_from(at(0));
  programming.handed_over(std::vector<NetworkProgramming::WallTime>(NetworkProgramming::kMaxWaiting + 1, at(1)), 1);
  programming.carried_out(1, at(2));
  EXPECT_EQ(value_of(programming, "_count"), std::to_string(NetworkProgramming::kMaxWaiting));
}

}  // namespace
}  // namespace ferry::proxy
