#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/representation.h"

namespace ferry::apiserver {
namespace {

/// What every object of August 2014 carried inline.
Json type_meta(const std::string& kind, const Object& object) {
  const auto& metadata = object.value["metadata"];
  Json out = {{"kind", kind}};
  if (!object.name().empty()) out["id"] = object.name();
  if (metadata.contains("creationTimestamp")) out["creationTimestamp"] = metadata["creationTimestamp"];
  if (object.version != 0) out["resourceVersion"] = object.version;
  out["apiVersion"] = "v1beta1";
  return out;
}

Json service(const Object& object) {
  Json out = type_meta("Service", object);
  const auto& spec = object.value["spec"];
  const auto& metadata = object.value["metadata"];
  // A service had one port then.
  const auto ports = spec.value("ports", Json::array());
  if (!ports.empty()) {
    out["port"] = ports[0].value("port", 0);
    out["protocol"] = ports[0].value("protocol", "TCP");
    out["containerPort"] = ports[0].value("targetPort", Json(0));
  }
  if (metadata.contains("labels")) out["labels"] = metadata["labels"];
  out["selector"] = spec.value("selector", Json::object());
  if (spec.value("type", "") == "LoadBalancer") out["createExternalLoadBalancer"] = true;
  const auto address = spec.value("clusterIP", "");
  if (!address.empty() && address != "None") out["portalIP"] = address;
  return out;
}

Json endpoints(const Object& object) {
  Json out = type_meta("Endpoints", object);
  auto& list = out["endpoints"] = Json::array();
  for (const auto& subset : object.value.value("subsets", Json::array())) {
    for (const auto& address : subset.value("addresses", Json::array())) {
      for (const auto& port : subset.value("ports", Json::array())) {
        const auto ip = address.value("ip", "");
        const bool v6 = ip.find(':') != std::string::npos;
        list.push_back(fmt::format("{}{}{}:{}", v6 ? "[" : "", ip, v6 ? "]" : "", port.value("port", 0)));
      }
    }
  }
  return out;
}

/// The JSON of /api/v1beta1, 2014: flat objects, numeric versions, no bookmarks.
class V1beta1Representation : public Representation {
 public:
  V1beta1Representation(const Resource& resource, bool capital_events)
      : services_(resource.plural == "services"), capital_(capital_events) {}

  std::string object(const Object& object) override { return convert(object).dump() + "\n"; }

  std::string list(const ListHead& head, const std::vector<ObjectPtr>& items) override {
    Json out = {{"kind", services_ ? "ServiceList" : "EndpointsList"}, {"creationTimestamp", nullptr}};
    out["resourceVersion"] = head.version;
    out["apiVersion"] = "v1beta1";
    auto& list = out["items"] = Json::array();
    for (const auto& item : items) list.push_back(convert(*item));
    return out.dump() + "\n";
  }

  std::string event(std::string_view type, const Object& object) override { return line(type, convert(object)); }

  std::string bookmark(Version /*version*/, bool /*ends_initial_events*/) override { return {}; }

  std::string error(const Status& status) override {
    return line("ERROR", {{"kind", "Status"},
                          {"creationTimestamp", nullptr},
                          {"apiVersion", "v1beta1"},
                          {"status", "failure"},
                          {"message", status.message},
                          {"reason", status.code == 410 ? "expired" : ""},
                          {"code", status.code}});
  }

 private:
  [[nodiscard]] Json convert(const Object& object) const { return services_ ? service(object) : endpoints(object); }

  [[nodiscard]] std::string line(std::string_view type, const Json& object) const {
    const Json event = {{capital_ ? "Type" : "type", type}, {capital_ ? "Object" : "object", object}};
    return event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

  bool services_;
  bool capital_;
};

}  // namespace

std::shared_ptr<Representation> make_v1beta1_representation(const Resource& resource, bool capital_events) {
  return std::make_shared<V1beta1Representation>(resource, capital_events);
}

}  // namespace ferry::apiserver
