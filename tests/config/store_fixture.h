#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "config/store.h"
#include "tests/support/addresses.h"

namespace ferry::config {

inline Service service(const std::string& name, const std::string& text = "10.96.0.1", std::uint16_t port = 80) {
  Service made;
  made.name = {"default", name};
  made.cluster_ips = {ferry::testing::address(text)};
  made.ports = {{"http", Protocol::kTcp, port, 0}};
  return made;
}

inline EndpointSlice slice(const std::string& name, const std::string& of, const std::vector<std::string>& addresses,
                           std::uint16_t port = 8080) {
  EndpointSlice made;
  made.name = {"default", name};
  made.service = of;
  EndpointSubset subset;
  for (const std::string& text : addresses) subset.endpoints.emplace_back().address = ferry::testing::address(text);
  subset.ports = {{"http", Protocol::kTcp, port}};
  made.subsets = {subset};
  return made;
}

inline std::string text(const std::shared_ptr<const ServicePortInfo>& info) {
  if (info == nullptr) return "-";
  std::string out;
  for (const FamilyBackends& family : info->backends) {
    for (const Backend& backend : family.cluster->backends) {
      out += (out.empty() ? "" : ",") + backend.address.to_string() + ":" + std::to_string(backend.port);
    }
  }
  return "[" + out + "]";
}

/// A store with a subscriber that writes down what it is told, and keeps the table a data plane would.
class StoreTest : public ::testing::Test {
 protected:
  explicit StoreTest(StoreOptions options = {})
      : store(std::move(options), [this](const auto& changes) { hear(changes); }) {}

  void hear(const std::vector<ServicePortChange>& changes) {
    EXPECT_FALSE(changes.empty());
    largest_report = std::max(largest_report, changes.size());
    for (const ServicePortChange& change : changes) {
      EXPECT_TRUE(change.before != nullptr || change.after != nullptr);
      if (change.before && change.after) {
        EXPECT_NE(*change.before, *change.after);
      }
      heard.push_back(change.name.to_string() + " " + text(change.before) + " -> " + text(change.after));
      change.after ? (void)(table[change.name] = change.after) : (void)table.erase(change.name);
    }
    std::sort(heard.begin(), heard.end());
  }

  /// What was heard since the last call.
  std::vector<std::string> news() { return std::exchange(heard, {}); }

  std::vector<std::string> heard;
  std::size_t largest_report = 0;
  std::map<ServicePortName, std::shared_ptr<const ServicePortInfo>> table;
  Store store;
};

using News = std::vector<std::string>;

}  // namespace ferry::config
