#pragma once

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/apiserver/raw_client.h"
#include "tests/apiserver/server_thread.h"
#include "tests/apiserver/test_objects.h"

namespace ferry::testing {

/// "ADDED a a@3": what happened, to which object, with which label tier, under which version.
inline std::string brief(const apiserver::Json& event) {
  const auto& metadata = event["object"]["metadata"];
  const auto labels = metadata.value("labels", apiserver::Json::object());
  return event["type"].get<std::string>() + " " + metadata.value("name", "-") + " " + labels.value("tier", "-") + "@" +
         metadata.value("resourceVersion", "-");
}

/// A server, a way to change its services, and a client that watches them.
class WatchTest : public ::testing::Test {
 protected:
  explicit WatchTest(apiserver::Options options = {}) : server_(std::move(options)), watch_(server_.address()) {}

  void create(const std::string& name, const std::string& tier = "a") {
    server_
        .on_loop(
            [&](apiserver::Server& server) { return server.storage().create("services", stored_service(name, tier)); })
        .value();
  }

  void set_tier(const std::string& name, const std::string& tier) {
    server_
        .on_loop([&](apiserver::Server& server) {
          return server.storage().update("services", "default", name, [&](const apiserver::Object& object) {
            auto changed = object.value;
            changed["metadata"]["labels"]["tier"] = tier;
            return apiserver::ok(std::move(changed));
          });
        })
        .value();
  }

  void remove(const std::string& name) {
    server_.on_loop([&](apiserver::Server& server) { return server.storage().remove("services", "default", name); })
        .value();
  }

  std::string version() {
    return std::to_string(server_.on_loop([](apiserver::Server& server) { return server.storage().version(); }));
  }

  /// The version so many changes from now.
  std::string version_after(int changes) { return std::to_string(std::stoi(version()) + changes); }

  RawAnswer open(const std::string& query) { return watch_.open("/api/v1/services?watch=1&" + query); }

  ServerThread server_;
  RawClient watch_;
};

}  // namespace ferry::testing
