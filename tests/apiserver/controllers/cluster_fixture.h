#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/apiserver/controllers/json_view.h"
#include "tests/apiserver/controllers/service_facts.h"
#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

inline constexpr const char* kDefault = "default";

inline Json node_json(const std::string& name, const std::string& zone = {}) {
  Json node = {{"metadata", {{"name", name}}}};
  if (!zone.empty()) node["metadata"]["labels"]["topology.kubernetes.io/zone"] = zone;
  return node;
}

/// A pod with one container, not bound, without status.
inline Json pod_json(const std::string& name, const LabelMap& labels = {{"app", "web"}}) {
  Json pod = {{"metadata", {{"name", name}, {"namespace", kDefault}}}};
  pod["metadata"]["labels"] = labels;
  pod["spec"]["containers"] = Json::array({{{"name", "main"}, {"image", "web"}}});
  return pod;
}

/// A service that selects app=web, with one port 80 that leads to 8080.
inline Json service_json(const std::string& name, const LabelMap& selector = {{"app", "web"}}) {
  Json service = {{"metadata", {{"name", name}, {"namespace", kDefault}}}};
  service["spec"]["ports"] = Json::array({{{"name", "http"}, {"protocol", "TCP"}, {"port", 80}, {"targetPort", 8080}}});
  if (!selector.empty()) service["spec"]["selector"] = selector;
  service["spec"]["clusterIP"] = "10.96.0.10";
  service["spec"]["ipFamilies"] = Json::array({"IPv4"});
  return service;
}

inline ServiceFacts web() { return read_service(service_json("web")); }

/// What a kubelet says of a running pod.
inline Json running_json(const std::vector<std::string>& ips, bool ready) {
  Json status = {{"phase", "Running"}};
  status["conditions"] = Json::array({{{"type", "Ready"}, {"status", ready ? "True" : "False"}}});
  if (!ips.empty()) status["podIP"] = ips.front();
  for (const std::string& ip : ips) status["podIPs"].push_back({{"ip", ip}});
  return status;
}

/// A storage and its loop, on which a test runs a controller until nothing is left to do.
class ClusterTest : public testing::Test {
 protected:
  void settle() {
    loop_.restart();
    loop_.poll();
  }

  void create(const char* resource, const Json& object) {
    const auto created = storage_.create(resource, object);
    ASSERT_TRUE(created.has_value()) << created.error().message;
  }

  void remove(const char* resource, const std::string& name) {
    const bool namespaced = std::string(resource) != "nodes";
    ASSERT_TRUE(storage_.remove(resource, namespaced ? kDefault : "", name).has_value());
  }

  template <typename Edit>
  void edit(const char* resource, const std::string& name, const Edit& edit) {
    const bool namespaced = std::string(resource) != "nodes";
    const auto changed =
        storage_.update(resource, namespaced ? kDefault : "", name, [&edit](const Object& old) -> Result<Json> {
          Json object = old.value;
          edit(object);
          return {boost::system::in_place_value, std::move(object)};
        });
    ASSERT_TRUE(changed.has_value()) << changed.error().message;
  }

  void set_running(const std::string& pod, const std::vector<std::string>& ips, bool ready = true) {
    edit("pods", pod, [&](Json& object) { object["status"] = running_json(ips, ready); });
  }

  /// A pod that runs on a node and is ready.
  void create_running(const std::string& name, const std::string& ip, const std::string& node = "n1") {
    Json pod = pod_json(name);
    pod["spec"]["nodeName"] = node;
    pod["status"] = running_json({ip}, true);
    create("pods", pod);
  }

  std::vector<Json> all(const char* resource) {
    std::vector<Json> values;
    for (const ObjectPtr& object : storage_.list(resource).items) values.push_back(object->value);
    return values;
  }

  boost::asio::io_context loop_;
  Storage storage_;
};

}  // namespace ferry::apiserver
