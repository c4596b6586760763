#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/context.h"
#include "tests/apiserver/openapi.h"

namespace ferry::apiserver {
namespace {

/// Those that have versions which are served, in the order of their resources.
std::vector<std::string> served_groups(const Options& options) {
  std::vector<std::string> groups;
  for (const auto& resource : all_resources()) {
    const bool known = std::find(groups.begin(), groups.end(), resource.group) != groups.end();
    if (resource.group.empty() || known || served_versions(options, resource.group).empty()) continue;
    groups.push_back(resource.group);
  }
  return groups;
}

Json client_cidrs(const Context& context) {
  return Json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", context.address}}});
}

Json version_info(Release release) {
  const bool old = release == Release::k1_20;
  Json info = {{"major", "1"}, {"minor", old ? "20" : "36"}};
  if (!old) {
    info.update({{"emulationMajor", "1"},
                 {"emulationMinor", "36"},
                 {"minCompatibilityMajor", "1"},
                 {"minCompatibilityMinor", "35"}});
  }
  info.update({{"gitVersion", old ? "v1.20.2-ferry" : "v1.36.4-ferry"},
               {"gitCommit", ""},
               {"gitTreeState", ""},
               {"buildDate", "1970-01-01T00:00:00Z"},
               {"goVersion", ""},
               {"compiler", ""},
               {"platform", "linux/amd64"}});
  return info;
}

Json group_version(const std::string& group, const std::string& version) {
  return {{"groupVersion", fmt::format("{}/{}", group, version)}, {"version", version}};
}

Json group_entry(const Context& context, const std::string& name) {
  const auto versions = served_versions(context.options, name);
  Json list = Json::array();
  for (const auto& version : versions) list.push_back(group_version(name, version));
  Json group = {{"name", name}, {"versions", list}, {"preferredVersion", group_version(name, versions.front())}};
  if (context.options.release != Release::k1_20) group["serverAddressByClientCIDRs"] = client_cidrs(context);
  return group;
}

Json resource_entry(const Resource& resource, Release release) {
  Json entry = {{"name", resource.plural},
                {"singularName", release == Release::k1_20 ? "" : resource.singular},
                {"namespaced", resource.namespaced},
                {"kind", resource.kind},
                {"verbs", {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}}};
  if (!resource.short_names.empty()) entry["shortNames"] = resource.short_names;
  if (!resource.categories.empty()) entry["categories"] = resource.categories;
  if (!resource.storage_hash.empty()) entry["storageVersionHash"] = resource.storage_hash;
  return entry;
}

Json subresource_entry(const Resource& resource, const std::string& subresource) {
  const bool binding = subresource == "binding";
  return {{"name", resource.plural + "/" + subresource},
          {"singularName", ""},
          {"namespaced", resource.namespaced},
          {"kind", binding ? "Binding" : resource.kind},
          {"verbs", binding ? Json::array({"create"}) : Json::array({"get", "patch", "update"})}};
}

Json resource_list(const Context& context, const std::string& group, const std::string& version) {
  Json list = Json::array();
  for (const auto& resource : all_resources()) {
    if (resource.group != group) continue;
    list.push_back(resource_entry(resource, context.options.release));
    for (const auto& subresource : resource.subresources) list.push_back(subresource_entry(resource, subresource));
  }
  Json out = {{"kind", "APIResourceList"}};
  if (!group.empty()) out["apiVersion"] = "v1";
  out["groupVersion"] = group.empty() ? version : group + "/" + version;
  out["resources"] = list;
  return out;
}

std::optional<Json> discovery_document(const Context& context, const std::vector<std::string>& parts) {
  const auto& options = context.options;
  if (parts == std::vector<std::string>{"version"}) return version_info(options.release);
  if (parts == std::vector<std::string>{"api"}) {
    return Json{{"kind", "APIVersions"},
                {"versions", Json::array({"v1"})},
                {"serverAddressByClientCIDRs", client_cidrs(context)}};
  }
  if (parts == std::vector<std::string>{"api", "v1"}) return resource_list(context, "", "v1");
  if (parts == std::vector<std::string>{"apis"}) {
    Json list = {{"kind", "APIGroupList"}};
    if (options.release == Release::k1_20) list["apiVersion"] = "v1";
    list["groups"] = Json::array();
    for (const auto& group : served_groups(options)) list["groups"].push_back(group_entry(context, group));
    return list;
  }
  const auto versions = parts.size() < 2 ? std::vector<std::string>{} : served_versions(options, parts[1]);
  if (versions.empty() || parts[0] != "apis" || parts[1].empty()) return std::nullopt;
  if (parts.size() == 2) {
    Json group = {{"kind", "APIGroup"}, {"apiVersion", "v1"}};
    group.update(group_entry(context, parts[1]));
    return group;
  }
  const bool served = std::find(versions.begin(), versions.end(), parts[2]) != versions.end();
  if (parts.size() > 3 || !served) return std::nullopt;
  return resource_list(context, parts[1], parts[2]);
}

bool is_health(const std::string& path) { return path == "/healthz" || path == "/livez" || path == "/readyz"; }

}  // namespace

std::optional<Response> handle_discovery(const Context& context, const Request& request) {
  if (is_health(request.path)) {
    if (!request.query.contains("verbose")) return text_response(200, "ok");
    return text_response(200, fmt::format("[+]ping ok\n[+]log ok\n{} check passed\n", request.path.substr(1)));
  }
  if (auto document = discovery_document(context, path_parts(request.path))) {
    return json_response(request, 200, *document);
  }
  return handle_openapi(context, request);
}

}  // namespace ferry::apiserver
