#include "tests/apiserver/route.h"

#include <algorithm>

namespace ferry::apiserver {

std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start < path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    if (end > start) parts.emplace_back(path.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

bool serves(const Options& options, const Resource& resource, std::string_view version) {
  const auto& versions = resource.versions;
  if (std::find(versions.begin(), versions.end(), version) == versions.end()) return false;
  if (resource.group.empty()) return true;
  if (resource.group == "networking.k8s.io") return options.release != Release::k1_20;
  if (resource.group != "discovery.k8s.io") return true;
  return options.endpoint_slices && (options.release != Release::k1_20 || version == "v1beta1");
}

std::vector<std::string> served_versions(const Options& options, std::string_view group) {
  std::vector<std::string> versions;
  for (const auto& resource : all_resources()) {
    if (resource.group != group) continue;
    for (const auto& version : resource.versions) {
      const bool known = std::find(versions.begin(), versions.end(), version) != versions.end();
      if (!known && serves(options, resource, version)) versions.push_back(version);
    }
  }
  return versions;
}

std::optional<Route> parse_route(std::string_view path, const Options& options) {
  auto parts = path_parts(path);
  Route route;
  std::string group;
  std::size_t next = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    next = 1;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    group = parts[1];
    next = 2;
  } else {
    return std::nullopt;
  }
  route.version = parts[next++];
  // /namespaces/NAME itself is a namespace; below it begins what the namespace holds, but for its subresources.
  const auto* namespaces = find_resource("namespaces");
  if (parts[next] == "namespaces" && parts.size() > next + 2 && !namespaces->has_subresource(parts[next + 2])) {
    route.ns = parts[next + 1];
    next += 2;
  }
  route.resource = find_resource(parts[next++]);
  if (route.resource == nullptr || route.resource->group != group) return std::nullopt;
  if (!serves(options, *route.resource, route.version)) return std::nullopt;
  if (!route.ns.empty() && !route.resource->namespaced) return std::nullopt;
  if (next < parts.size()) route.name = parts[next++];
  if (next < parts.size()) route.subresource = parts[next++];
  if (next < parts.size()) return std::nullopt;
  if (!route.name.empty() && route.resource->namespaced && route.ns.empty()) return std::nullopt;
  if (!route.subresource.empty() && !route.resource->has_subresource(route.subresource)) return std::nullopt;
  return route;
}

std::string_view verb_of(const Route& route, const Request& request) {
  const bool collection = route.name.empty();
  const auto& method = request.method;
  if (route.subresource == "binding") return method == "POST" ? "create" : "";
  if (method == "GET" && request.flag("watch")) return "watch";
  if (method == "GET") return collection ? "list" : "get";
  if (method == "DELETE" && route.subresource.empty()) return collection ? "deletecollection" : "delete";
  if (method == "POST" && collection && (!route.ns.empty() || !route.resource->namespaced)) return "create";
  if (method == "PUT" && !collection) return "update";
  if (method == "PATCH" && !collection) return "patch";
  return "";
}

}  // namespace ferry::apiserver
