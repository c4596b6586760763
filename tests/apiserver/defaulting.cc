#include "tests/apiserver/defaulting.h"

#include <string>

namespace ferry::apiserver {
namespace {

/// Sets a field that is absent, null or an empty text.
void set_default(Json& object, const char* field, Json value) {
  const auto found = object.find(field);
  if (found == object.end() || found->is_null() || *found == "") object[field] = std::move(value);
}

Json& child(Json& object, const char* field) {
  auto& value = object[field];
  if (!value.is_object()) value = Json::object();
  return value;
}

template <class Call>
void for_each(Json& object, const char* field, Call call) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_array()) return;
  for (auto& item : *found) call(item);
}

void default_service(Json& service, Release release) {
  auto& spec = child(service, "spec");
  set_default(spec, "sessionAffinity", "None");
  set_default(spec, "type", "ClusterIP");
  const auto type = spec["type"];
  if (spec["sessionAffinity"] == "ClientIP") {
    set_default(child(child(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10800);
  }
  for_each(spec, "ports", [&](Json& port) {
    set_default(port, "protocol", "TCP");
    if (port.value("targetPort", Json()).is_null() || port["targetPort"] == 0 || port["targetPort"] == "") {
      port["targetPort"] = port.value("port", 0);
    }
  });
  if (type == "NodePort" || type == "LoadBalancer") set_default(spec, "externalTrafficPolicy", "Cluster");
  if (release == Release::k1_20) return;
  if (type != "ExternalName") set_default(spec, "internalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") set_default(spec, "allocateLoadBalancerNodePorts", true);
}

void default_endpoints(Json& endpoints) {
  for_each(endpoints, "subsets",
           [](Json& subset) { for_each(subset, "ports", [](Json& port) { set_default(port, "protocol", "TCP"); }); });
}

void default_slice(Json& slice) {
  for_each(slice, "ports", [](Json& port) {
    if (port.value("name", Json()).is_null()) port["name"] = "";
    set_default(port, "protocol", "TCP");
  });
}

void default_container(Json& container) {
  set_default(container, "terminationMessagePath", "/dev/termination-log");
  set_default(container, "terminationMessagePolicy", "File");
  const auto image = container.value("image", std::string());
  const auto name = image.substr(image.rfind('/') + 1);
  const bool latest = name.find(':') == std::string::npos || name.ends_with(":latest");
  set_default(container, "imagePullPolicy", latest ? "Always" : "IfNotPresent");
  for_each(container, "ports", [](Json& port) { set_default(port, "protocol", "TCP"); });
}

void default_pod_spec(Json& spec) {
  set_default(spec, "restartPolicy", "Always");
  set_default(spec, "terminationGracePeriodSeconds", 30);
  set_default(spec, "dnsPolicy", "ClusterFirst");
  set_default(spec, "securityContext", Json::object());
  set_default(spec, "schedulerName", "default-scheduler");
  for_each(spec, "containers", default_container);
  for_each(spec, "initContainers", default_container);
}

void default_pod(Json& pod) {
  auto& spec = child(pod, "spec");
  default_pod_spec(spec);
  set_default(spec, "serviceAccountName", "default");
  set_default(spec, "serviceAccount", spec["serviceAccountName"]);
  set_default(spec, "priority", 0);
  set_default(spec, "enableServiceLinks", true);
  set_default(spec, "preemptionPolicy", "PreemptLowerPriority");
  auto& status = child(pod, "status");
  set_default(status, "phase", "Pending");
  set_default(status, "qosClass", "BestEffort");
}

void default_daemon_set(Json& daemon_set) {
  auto& spec = child(daemon_set, "spec");
  default_pod_spec(child(child(spec, "template"), "spec"));
  set_default(spec, "revisionHistoryLimit", 10);
  auto& strategy = child(spec, "updateStrategy");
  set_default(strategy, "type", "RollingUpdate");
  if (strategy["type"] != "RollingUpdate") return;
  auto& rolling = child(strategy, "rollingUpdate");
  set_default(rolling, "maxUnavailable", 1);
  set_default(rolling, "maxSurge", 0);
}

void default_namespace(Json& name_space) {
  set_default(child(name_space, "spec"), "finalizers", Json::array({"kubernetes"}));
  set_default(child(name_space, "status"), "phase", "Active");
  auto& metadata = child(name_space, "metadata");
  set_default(child(metadata, "labels"), "kubernetes.io/metadata.name", metadata.value("name", ""));
}

}  // namespace

void set_defaults(std::string_view resource, Json& object, Release release) {
  if (resource == "services") default_service(object, release);
  if (resource == "endpoints") default_endpoints(object);
  if (resource == "endpointslices") default_slice(object);
  if (resource == "pods") default_pod(object);
  if (resource == "daemonsets") default_daemon_set(object);
  if (resource == "namespaces") default_namespace(object);
}

}  // namespace ferry::apiserver
