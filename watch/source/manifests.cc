#include "watch/source/manifests.h"

#include <cstdlib>
#include <set>
#include <stdexcept>
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

/// Lists of lists are allowed, and nobody writes more of them.
constexpr int kMaxListDepth = 8;

std::string at_line(const fs::path& file, const YAML::Mark& mark) {
  return file.string() + (mark.is_null() ? "" : ":" + std::to_string(mark.line + 1)) + ": ";
}

std::string field(const YAML::Node& node, const char* key) {
  const YAML::Node value = node.IsMap() ? node[key] : YAML::Node();
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

/// Where the field that a codec complains of ("spec.ports[0].port: 70000 is …") stands, as far as it can be followed.
YAML::Mark mark_of(const YAML::Node& object, const std::string& complaint) {
  YAML::Node at = object;
  YAML::Mark mark = object.Mark();
  const std::string path = complaint.substr(0, complaint.find(": "));
  for (std::size_t start = 0; start < path.size();) {
    std::size_t end = path.find_first_of(".[", start);
    if (end == std::string::npos) end = path.size();
    const std::string step = path.substr(start, end - start);
    start = end + 1;
    if (step.empty()) continue;
    const bool is_index = step.back() == ']';
    const YAML::Node& here = at;
    const YAML::Node next = is_index && here.IsSequence() ? here[std::strtoul(step.c_str(), nullptr, 10)]
                            : here.IsMap()                ? here[step]
                                                          : YAML::Node(YAML::NodeType::Undefined);
    if (!next || next.Mark().is_null()) break;
    mark = next.Mark();
    at.reset(next);
  }
  return mark;
}

/// Collects the objects of one file.
class ManifestReader {
 public:
  explicit ManifestReader(fs::path file, Manifests& manifests, std::set<std::string>& names)
      : file_(std::move(file)), manifests_(manifests), names_(names) {}

  void read() {
    const std::string text = read_manifest_file(file_);
    try {
      for (const YAML::Node& document : YAML::LoadAll(text)) {
        if (!document.IsNull()) take(document, 0);
      }
    } catch (const YAML::Exception& error) {
      throw ManifestError(at_line(file_, error.mark) + "this is not YAML or JSON: " + error.msg);
    }
  }

 private:
  void take(const YAML::Node& node, int list_depth) {
    const std::string where = at_line(file_, node.Mark());
    if (!node.IsMap()) throw ManifestError(where + "a manifest is a map with apiVersion and kind");
    const std::string kind = field(node, "kind");
    const std::string version = field(node, "apiVersion");
    if (kind.empty() || version.empty()) throw ManifestError(where + "apiVersion or kind is missing");
    if (kind == "List" || kind == "ServiceList" || kind == "EndpointsList" || kind == "EndpointSliceList") {
      take_items(node, kind, list_depth + 1);
    } else if (kind == "Service" && version == "v1") {
      keep(manifests_.services, decode(node, codec::v1::kServices), node);
    } else if (kind == "Endpoints" && version == "v1") {
      keep(manifests_.slices, decode(node, codec::v1::kEndpoints), node);
    } else if (kind == "EndpointSlice" && version == codec::discovery_v1::kEndpointSlices.api_version) {
      keep(manifests_.slices, decode(node, codec::discovery_v1::kEndpointSlices), node);
    } else if (kind == "EndpointSlice" && version == codec::discovery_v1beta1::kEndpointSlices.api_version) {
      keep(manifests_.slices, decode(node, codec::discovery_v1beta1::kEndpointSlices), node);
    } else {
      manifests_.remarks.push_back(where + "a " + kind + " of " + version + " is nothing a proxy reads; left out");
    }
  }

  void take_items(const YAML::Node& list, const std::string& kind, int depth) {
    const std::string where = at_line(file_, list.Mark());
    if (depth > kMaxListDepth) throw ManifestError(where + "lists hold lists deeper than 8 levels");
    const YAML::Node items = list["items"];
    if (!items || items.IsNull()) return;
    if (!items.IsSequence()) throw ManifestError(where + "the items of a " + kind + " are a list, and this is none");
    for (const YAML::Node& item : items) take(item, depth);
  }

  /// The object as the API server would give it out: with the defaults it fills in.
  std::string to_json(const YAML::Node& node) {
    const std::string where = at_line(file_, node.Mark());
    try {
      json object = converter_.convert(node);
      json& metadata = object["metadata"];
      if (metadata.is_object() && !metadata.contains("namespace")) metadata["namespace"] = "default";
      return object.dump();
    } catch (const std::length_error& error) {
      throw ManifestError(where + error.what());
    } catch (const json::exception&) {
      throw ManifestError(where + "it holds text that is not UTF-8");
    }
  }

  template <class T>
  T decode(const YAML::Node& node, const WireFormat<T>& format) {
    auto decoded = format.decode(to_json(node));
    if (!decoded.has_value()) {
      const std::string& reason = decoded.error().reason;
      throw ManifestError(at_line(file_, mark_of(node, reason)) + reason);
    }
    const std::string& left_out = decoded.value().left_out;
    if (!left_out.empty()) {
      manifests_.remarks.push_back(at_line(file_, mark_of(node, left_out)) + "left out " + left_out);
    }
    return std::move(decoded.value().value);
  }

  template <class T>
  void keep(std::vector<T>& objects, T object, const YAML::Node& node) {
    const std::string kind = field(node, "kind");
    const std::string name = object.name.to_string();
    const std::string where = at_line(file_, node.Mark());
    if (!names_.insert(kind + " " + name).second) {
      manifests_.remarks.push_back(where + "the " + kind + " " + name + " occurs a second time; the later one counts");
    }
    const std::string useless = why_useless(object, node);
    if (!useless.empty()) manifests_.remarks.push_back(where + "the " + kind + " " + name + " " + useless);
    objects.push_back(std::move(object));
  }

  static std::string why_useless(const config::Service& service, const YAML::Node& node) {
    const bool meant = service.type == config::ServiceType::kExternalName || field(node["spec"], "clusterIP") == "None";
    if (meant || !service.cluster_ips.empty()) return {};
    return "has no clusterIP, so it is not served; give it one";
  }

  static std::string why_useless(const config::EndpointSlice& slice, const YAML::Node& /*node*/) {
    if (!slice.service.empty()) return {};
    return "has no label kubernetes.io/service-name, so it belongs to no service; give it one";
  }

  fs::path file_;
  Manifests& manifests_;
  /// "Kind namespace/name" of all files.
  std::set<std::string>& names_;
  YamlToJson converter_;
};

}  // namespace

Manifests read_manifests(const fs::path& path) {
  Manifests manifests;
  std::set<std::string> names;
  for (const fs::path& file : manifest_files(path)) ManifestReader(file, manifests, names).read();
  return manifests;
}

}  // namespace ferry::watch
