#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/config/store_fixture.h"

namespace ferry::config {
namespace {

using Seconds = std::vector<int>;

std::chrono::system_clock::time_point at_second(int second) {
  return std::chrono::system_clock::time_point{std::chrono::seconds{second}};
}

/// Writes down which triggers it was told of, and what had been reported by then.
class TriggeredStoreTest : public StoreTest {
 protected:
  TriggeredStoreTest()
      : StoreTest([this] {
          StoreOptions options;
          options.on_triggered = [this](const auto& triggers) {
            reported_before = heard;
            for (const auto time : triggers) {
              told.push_back(
                  static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count()));
            }
          };
          return options;
        }()) {}

  /// The slice of the service "web" in the state that the change at `second` led to.
  static EndpointSlice slice_since(int second, const std::vector<std::string>& addresses) {
    EndpointSlice made = slice("web-1", "web", addresses);
    made.triggered_at = at_second(second);
    return made;
  }
  Seconds triggers() { return std::exchange(told, {}); }

  Store::Source& source = store.add_source("api");
  Seconds told;
  News reported_before;
};

TEST_F(TriggeredStoreTest, TheFirstStateWasTriggeredByNothing) {
  source.add_slice(slice_since(1, {"10.0.0.1"}));
  source.set_slices({slice_since(2, {"10.0.0.2"})});
  source.set_services({service("web")});
  EXPECT_EQ(news().size(), 1U);
  EXPECT_EQ(triggers(), Seconds{});
  source.add_service(service("web", "10.96.0.1", 81));
  EXPECT_EQ(triggers(), Seconds{});
}

TEST_F(TriggeredStoreTest, EachTriggerOfASliceIsToldOnceAfterWhatItChanged) {
  source.set_services({service("web")});
  source.set_slices({});
  news();
  source.add_slice(slice_since(1, {"10.0.0.1"}));
  EXPECT_EQ(triggers(), Seconds{1});
  EXPECT_EQ(reported_before, News{"default/web:http/TCP [] -> [10.0.0.1:8080]"});
  source.add_slice(slice_since(1, {"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(triggers(), Seconds{}) << "another change with the time of the one before";
  source.add_slice(slice_since(2, {"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(triggers(), Seconds{}) << "nothing changed but the time";
  source.set_slices({slice_since(3, {"10.0.0.1"})});
  EXPECT_EQ(triggers(), Seconds{3});
  source.add_slice(slice("web-1", "web", {"10.0.0.4"}));
  source.remove_slice({"default", "web-1"});
  EXPECT_EQ(triggers(), Seconds{});
}

TEST_F(TriggeredStoreTest, AChangeThatChangesNoServicePortIsToldToo) {
  source.set_services({});
  source.set_slices({});
  source.add_slice(slice_since(7, {"10.0.0.1"}));
  EXPECT_EQ(news(), News{});
  EXPECT_EQ(triggers(), Seconds{7});
}

}  // namespace
}  // namespace ferry::config
