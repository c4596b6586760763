#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/endpoint_slice.h"
#include "config/service.h"
#include "watch/source/manifest_files.h"

namespace ferry::watch {

/// What a set of manifests says.
struct Manifests {
  std::vector<config::Service> services;
  std::vector<config::EndpointSlice> slices;
  /// Sentences about what is allowed but probably not meant: other kinds of objects, names that occur twice, services
  /// without an address.
  std::vector<std::string> remarks;
};

/// Reads a file, or the files of a folder (see manifest_files). Service, Endpoints, EndpointSlice and List objects
/// count; the codecs of the API read them, after what the API server would fill in was filled in. Throws ManifestError.
Manifests read_manifests(const std::filesystem::path& path);

}  // namespace ferry::watch
