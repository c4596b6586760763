#include "watch/source/manifests.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "watch/codec/discovery_v1/formats.h"
#include "watch/codec/discovery_v1beta1/formats.h"
#include "watch/codec/v1/formats.h"
#include "watch/source/yaml_to_json.h"

namespace ferry::watch {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A manifest is written by hand or by a tool for a node, not by an adversary with a cluster.
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{64} << 20U;

std::string at_line(const fs::path& file, const YAML::Mark& mark) {
  return file.string() + (mark.is_null() ? "" : ":" + std::to_string(mark.line + 1)) + ": ";
}

std::string read_file(const fs::path& file) {
  std::error_code code;
  if (const auto size = fs::file_size(file, code); !code && size > kMaxFileBytes) {
    throw ManifestError(file.string() + ": the file has more than 64 MiB");
  }
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in || code)
    throw ManifestError(file.string() + ": the file cannot be read; name one that exists and is readable");
  return text;
}

/// Collects the objects of all files.
class ManifestReader {
 public:
  void read(const fs::path& file) {
    std::vector<YAML::Node> documents;
    const std::string text = read_file(file);
    try {
      documents = YAML::LoadAll(text);
    } catch (const YAML::Exception& error) {
      throw ManifestError(at_line(file, error.mark) + "this is not YAML or JSON: " + error.msg);
    }
    for (const YAML::Node& document : documents) {
      if (!document.IsNull()) take(file, document);
    }
  }

  Manifests finish() && { return std::move(manifests_); }

 private:
  static std::string field(const YAML::Node& node, const char* key) {
    const YAML::Node value = node[key];
    return value && value.IsScalar() ? value.Scalar() : std::string();
  }

  void take(const fs::path& file, const YAML::Node& node) {
    if (!node.IsMap()) throw ManifestError(at_line(file, node.Mark()) + "a manifest is a map with apiVersion and kind");
    const std::string kind = field(node, "kind");
    const std::string version = field(node, "apiVersion");
    if (kind.empty() || version.empty()) {
      throw ManifestError(at_line(file, node.Mark()) + "apiVersion or kind is missing");
    }
    if (kind == "List" || kind == "ServiceList" || kind == "EndpointsList" || kind == "EndpointSliceList") {
      for (const YAML::Node& item : node["items"]) take(file, item);
    } else if (kind == "Service" && version == "v1") {
      keep(manifests_.services, decode(file, node, codec::v1::kServices), kind, at_line(file, node.Mark()));
    } else if (kind == "Endpoints" && version == "v1") {
      keep(manifests_.slices, decode(file, node, codec::v1::kEndpoints), kind, at_line(file, node.Mark()));
    } else if (kind == "EndpointSlice" && version == "discovery.k8s.io/v1") {
      keep(manifests_.slices, decode(file, node, codec::discovery_v1::kEndpointSlices), kind,
           at_line(file, node.Mark()));
    } else if (kind == "EndpointSlice" && version == "discovery.k8s.io/v1beta1") {
      keep(manifests_.slices, decode(file, node, codec::discovery_v1beta1::kEndpointSlices), kind,
           at_line(file, node.Mark()));
    } else {
      manifests_.remarks.push_back(at_line(file, node.Mark()) + "a " + kind + " of " + version +
                                   " is nothing a proxy reads; left out");
    }
  }

  template <class T>
  T decode(const fs::path& file, const YAML::Node& node, const WireFormat<T>& format) {
    const std::string where = at_line(file, node.Mark());
    std::string text;
    try {
      json object = yaml_to_json(node);
      // What the API server would have filled in.
      auto& metadata = object["metadata"];
      if (metadata.is_object() && !metadata.contains("namespace")) metadata["namespace"] = "default";
      text = object.dump();
    } catch (const std::exception& error) {
      throw ManifestError(where + error.what());
    }
    auto decoded = format.decode(text);
    if (!decoded.has_value()) throw ManifestError(where + decoded.error().reason);
    if (!decoded.value().left_out.empty()) manifests_.remarks.push_back(where + "left out " + decoded.value().left_out);
    return std::move(decoded.value().value);
  }

  template <class T>
  void keep(std::vector<T>& objects, T object, const std::string& kind, const std::string& where) {
    if (!names_.insert(kind + " " + object.name.to_string()).second) {
      manifests_.remarks.push_back(where + "the " + kind + " " + object.name.to_string() +
                                   " occurs a second time; the later one counts");
    }
    if constexpr (std::is_same_v<T, config::Service>) {
      if (object.cluster_ips.empty() && object.type != config::ServiceType::kExternalName) {
        manifests_.remarks.push_back(where + "the Service " + object.name.to_string() +
                                     " has no clusterIP, so there is nothing to serve it at; give it one");
      }
    }
    objects.push_back(std::move(object));
  }

  Manifests manifests_;
  std::set<std::string> names_;
};

std::vector<fs::path> files_of(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code)) {
    throw ManifestError(path.string() + ": there is no such file or folder; name one that exists");
  }
  if (!fs::is_directory(path, code)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path, code)) {
    const std::string extension = entry.path().extension().string();
    // A ConfigMap's volume keeps its versions in hidden folders beside the links to them.
    if (entry.path().filename().string().starts_with('.') || !entry.is_regular_file(code)) continue;
    if (extension == ".yaml" || extension == ".yml" || extension == ".json") files.push_back(entry.path());
  }
  if (code) throw ManifestError(path.string() + ": the folder cannot be read: " + code.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Manifests read_manifests(const fs::path& path) {
  ManifestReader reader;
  for (const fs::path& file : files_of(path)) reader.read(file);
  return std::move(reader).finish();
}

}  // namespace ferry::watch
