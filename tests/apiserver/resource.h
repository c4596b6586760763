#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/schema.h"

namespace ferry::apiserver {

/// One kind of object that is served.
struct Resource {
  std::string group;
  /// The versions it is served at, the stored one first.
  std::vector<std::string> versions;
  std::string plural;
  std::string singular;
  std::string kind;
  bool namespaced = true;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::vector<std::string> subresources;
  std::string storage_hash;
  const Schema* schema = nullptr;

  /// "v1", or "discovery.k8s.io/v1".
  [[nodiscard]] std::string api_version(std::string_view version) const;
  [[nodiscard]] bool has_subresource(std::string_view name) const;
  /// How messages name it: "services", "endpointslices.discovery.k8s.io".
  [[nodiscard]] std::string qualified() const;
};

const std::vector<Resource>& all_resources();
/// By its plural name; null when there is none.
const Resource* find_resource(std::string_view plural);
/// By what a manifest says of itself; null when nothing of that kind is served.
const Resource* find_resource_by_kind(std::string_view api_version, std::string_view kind);

}  // namespace ferry::apiserver
