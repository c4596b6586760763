#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/apiserver/http_message.h"
#include "tests/apiserver/resource.h"
#include "tests/apiserver/server.h"

namespace ferry::apiserver {

/// What a path below /api/v1 or /apis/GROUP/VERSION names: a collection, an object, or a part of an object.
struct Route {
  const Resource* resource = nullptr;
  std::string version;
  std::string ns;
  std::string name;
  std::string subresource;
};

/// The route of a path; nullopt when no resource is served there.
std::optional<Route> parse_route(std::string_view path, const Options& options);

/// get, list, watch, create, update, patch, delete or deletecollection; empty for a method the route does not know.
std::string_view verb_of(const Route& route, const Request& request);

/// Whether a release serves a version of a resource.
bool serves(const Options& options, const Resource& resource, std::string_view version);

/// The versions of an API group at which any of its resources is served, the preferred one first; none of a group that
/// is not served.
std::vector<std::string> served_versions(const Options& options, std::string_view group);

/// The parts of a path between its slashes.
std::vector<std::string> path_parts(std::string_view path);

}  // namespace ferry::apiserver
