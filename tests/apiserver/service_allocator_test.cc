#include "tests/apiserver/service_allocator.h"

#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/apiserver/test_objects.h"

namespace ferry::apiserver {
namespace {

using testing::stored_service;

Json service_at(const std::string& name, const std::string& address) {
  auto object = stored_service(name);
  object["spec"]["clusterIPs"] = {address};
  return object;
}

TEST(ServiceAllocator, HandsOutEveryAddressOfASmallRangeOnceAndThenNone) {
  Storage storage;
  ServiceAllocator allocator(storage, "10.0.0.0/29");
  std::set<std::string> given;
  while (const auto address = allocator.allocate("IPv4")) {
    ASSERT_TRUE(given.insert(*address).second) << *address << " was given twice";
    ASSERT_TRUE(storage.create("services", service_at("s" + std::to_string(given.size()), *address)).has_value());
  }
  EXPECT_EQ(given, (std::set<std::string>{"10.0.0.4", "10.0.0.5", "10.0.0.6"}));
}

TEST(ServiceAllocator, AnAddressIsFreeAgainWhenItsServiceIsGone) {
  Storage storage;
  const ServiceAllocator allocator(storage, "10.0.0.0/24");
  ASSERT_TRUE(storage.create("services", service_at("a", "10.0.0.7")).has_value());
  EXPECT_EQ(allocator.owner("10.0.0.7"), "default/a");
  ASSERT_TRUE(storage.remove("services", "default", "a").has_value());
  EXPECT_EQ(allocator.owner("10.0.0.7"), "");
}

TEST(ServiceAllocator, KnowsWhatWasStoredBeforeIt) {
  Storage storage;
  ASSERT_TRUE(storage.create("services", service_at("a", "10.0.0.10")).has_value());
  ServiceAllocator allocator(storage, "10.0.0.0/24");
  EXPECT_EQ(allocator.allocate("IPv4"), "10.0.0.11");
}

TEST(ServiceAllocator, ServesTwoFamilies) {
  Storage storage;
  ServiceAllocator allocator(storage, "fd00:10::/112,127.96.0.0/16");
  EXPECT_EQ(allocator.families(), (std::vector<std::string>{"IPv6", "IPv4"}));
  EXPECT_EQ(allocator.allocate("IPv6"), "fd00:10::a");
  EXPECT_EQ(allocator.allocate("IPv4"), "127.96.0.10");
  EXPECT_TRUE(allocator.loopback());
  EXPECT_TRUE(allocator.contains(*parse_address("fd00:10::ffff")));
  EXPECT_FALSE(allocator.contains(*parse_address("fd00:10::1:0")));
  EXPECT_FALSE(allocator.contains(*parse_address("127.97.0.1")));
}

TEST(ServiceAllocator, AFamilyItHasNoRangeForHasNoAddress) {
  Storage storage;
  ServiceAllocator allocator(storage, "10.0.0.0/24");
  EXPECT_EQ(allocator.allocate("IPv6"), std::nullopt);
}

TEST(ServiceAllocator, RefusesRangesThatAreNone) {
  Storage storage;
  for (const char* ranges : {"", "10.0.0.0", "10.0.0.0/33", "host/8", "10.0.0.0/8,11.0.0.0/8", "10.0.0.0/8,"}) {
    EXPECT_THROW(ServiceAllocator(storage, ranges), std::runtime_error) << ranges;
  }
}

}  // namespace
}  // namespace ferry::apiserver
