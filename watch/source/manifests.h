#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/endpoint_slice.h"
#include "config/service.h"

namespace ferry::watch {

/// "FILE:LINE: what is wrong", one sentence.
class ManifestError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a set of manifests says.
struct Manifests {
  std::vector<config::Service> services;
  std::vector<config::EndpointSlice> slices;
  /// Sentences about what is allowed but probably not meant: other kinds of objects, names that occur twice, services
  /// without an address.
  std::vector<std::string> remarks;
};

/// Reads a file, or the files of a folder that end in .yaml, .yml or .json, in the order of their names. Service,
/// Endpoints, EndpointSlice and List objects count; the codecs of the API read them. Throws ManifestError.
Manifests read_manifests(const std::filesystem::path& path);

}  // namespace ferry::watch
