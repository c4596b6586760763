#include "tests/apiserver/resource.h"

#include <algorithm>

namespace ferry::apiserver {
namespace {

Resource core(std::string plural, std::string singular, std::string kind) {
  Resource resource;
  resource.versions = {"v1"};
  resource.plural = std::move(plural);
  resource.singular = std::move(singular);
  resource.kind = std::move(kind);
  resource.schema = &schema_of(resource.kind);
  return resource;
}

std::vector<Resource> make_resources() {
  auto config_maps = core("configmaps", "configmap", "ConfigMap");
  config_maps.short_names = {"cm"};

  auto endpoints = core("endpoints", "endpoints", "Endpoints");
  endpoints.short_names = {"ep"};
  endpoints.storage_hash = "fWeeMqaN/OA=";

  auto namespaces = core("namespaces", "namespace", "Namespace");
  namespaces.namespaced = false;
  namespaces.short_names = {"ns"};
  namespaces.subresources = {"status"};
  namespaces.storage_hash = "Q3oi5N2YM8M=";

  auto nodes = core("nodes", "node", "Node");
  nodes.namespaced = false;
  nodes.short_names = {"no"};
  nodes.subresources = {"status"};
  nodes.storage_hash = "XwShjMxG9Fs=";

  auto pods = core("pods", "pod", "Pod");
  pods.short_names = {"po"};
  pods.categories = {"all"};
  pods.subresources = {"binding", "status"};
  pods.storage_hash = "xPOwRZ+Yhw8=";

  auto accounts = core("serviceaccounts", "serviceaccount", "ServiceAccount");
  accounts.short_names = {"sa"};

  auto services = core("services", "service", "Service");
  services.short_names = {"svc"};
  services.categories = {"all"};
  services.subresources = {"status"};
  services.storage_hash = "0/CO1lhkEBI=";

  auto daemon_sets = core("daemonsets", "daemonset", "DaemonSet");
  daemon_sets.group = "apps";
  daemon_sets.short_names = {"ds"};
  daemon_sets.categories = {"all"};
  daemon_sets.subresources = {"status"};

  auto slices = core("endpointslices", "endpointslice", "EndpointSlice");
  slices.group = "discovery.k8s.io";
  slices.versions = {"v1", "v1beta1"};
  slices.storage_hash = "Nx3SIv6I0mE=";

  auto ranges = core("servicecidrs", "servicecidr", "ServiceCIDR");
  ranges.group = "networking.k8s.io";
  ranges.namespaced = false;
  ranges.subresources = {"status"};

  auto roles = core("clusterroles", "clusterrole", "ClusterRole");
  auto bindings = core("clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding");
  for (auto* const resource : {&roles, &bindings}) {
    resource->group = "rbac.authorization.k8s.io";
    resource->namespaced = false;
  }

  // The Prometheus operator's, which a cluster has as custom resources.
  auto monitors = core("podmonitors", "podmonitor", "PodMonitor");
  monitors.short_names = {"pmon"};
  auto rules = core("prometheusrules", "prometheusrule", "PrometheusRule");
  rules.short_names = {"promrule"};
  for (auto* const resource : {&monitors, &rules}) resource->group = "monitoring.coreos.com";

  return {config_maps, endpoints, namespaces, nodes,    pods,  accounts, services,
          daemon_sets, slices,    ranges,     bindings, roles, monitors, rules};
}

}  // namespace

std::string Resource::api_version(std::string_view version) const {
  return group.empty() ? std::string(version) : group + "/" + std::string(version);
}

bool Resource::has_subresource(std::string_view name) const {
  return std::find(subresources.begin(), subresources.end(), name) != subresources.end();
}

std::string Resource::qualified() const { return group.empty() ? plural : plural + "." + group; }

const std::vector<Resource>& all_resources() {
  static const std::vector<Resource> resources = make_resources();
  return resources;
}

const Resource* find_resource(std::string_view plural) {
  const auto& all = all_resources();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Resource& r) { return r.plural == plural; });
  return found == all.end() ? nullptr : &*found;
}

const Resource* find_resource_by_kind(std::string_view api_version, std::string_view kind) {
  for (const auto& resource : all_resources()) {
    if (resource.kind != kind) continue;
    for (const auto& version : resource.versions) {
      if (resource.api_version(version) == api_version) return &resource;
    }
  }
  return nullptr;
}

}  // namespace ferry::apiserver
