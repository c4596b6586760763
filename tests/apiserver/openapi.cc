#include "tests/apiserver/openapi.h"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

namespace ferry::apiserver {
namespace {

constexpr const char* kProtobufV2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/// One value of a field: without its list or map.
Json value_schema(const Field& field, const std::string& reference_prefix) {
  switch (field.scalar) {
    case Field::Scalar::kObject:
      return {{"$ref", reference_prefix + field.type->name}};
    case Field::Scalar::kString:
      return {{"type", "string"}};
    case Field::Scalar::kInteger:
      return {{"type", "integer"}, {"format", "int64"}};
    case Field::Scalar::kBoolean:
      return {{"type", "boolean"}};
    case Field::Scalar::kIntOrString:
      return {{"type", "string"}, {"format", "int-or-string"}};
    case Field::Scalar::kAny:
      break;
  }
  return Json::object();
}

Json field_schema(const Field& field, const std::string& reference_prefix) {
  auto value = value_schema(field, reference_prefix);
  if (field.shape == Field::Shape::kMap) return {{"type", "object"}, {"additionalProperties", value}};
  if (field.shape == Field::Shape::kSingle) return value;
  Json list = {{"type", "array"}, {"items", value}};
  if (field.merged) list["x-kubernetes-patch-strategy"] = "merge";
  if (!field.merge_key.empty()) list["x-kubernetes-patch-merge-key"] = field.merge_key;
  return list;
}

Json type_schema(const Schema& schema, const Options& options, const std::string& reference_prefix) {
  Json properties = Json::object();
  const auto kinds = kinds_of(schema, options);
  if (!kinds.empty()) {
    properties["apiVersion"] = {{"type", "string"}};
    properties["kind"] = {{"type", "string"}};
  }
  for (const auto& field : schema.fields) properties[field.name] = field_schema(field, reference_prefix);
  Json out = {{"type", "object"}, {"properties", properties}};
  if (!kinds.empty()) out["x-kubernetes-group-version-kind"] = kinds;
  return out;
}

Json all_type_schemas(const Options& options, const std::string& reference_prefix) {
  Json out = Json::object();
  for (const auto& [name, schema] : all_schemas()) out[schema.name] = type_schema(schema, options, reference_prefix);
  return out;
}

/// The patch operation of a resource: what kubectl reads to find which query parameters a server knows.
Json patch_operation(const Resource& resource, const std::string& version) {
  Json parameters = Json::array();
  for (const char* name : {"dryRun", "fieldManager", "fieldValidation"}) {
    parameters.push_back({{"name", name}, {"in", "query"}, {"schema", {{"type", "string"}}}});
  }
  return {{"patch",
           {{"operationId", fmt::format("patch{}{}", version, resource.kind)},
            {"parameters", parameters},
            {"responses", {{"200", {{"description", "OK"}}}}},
            {"x-kubernetes-action", "patch"},
            {"x-kubernetes-group-version-kind",
             {{"group", resource.group}, {"version", version}, {"kind", resource.kind}}}}}};
}

std::string prefix_of(const Resource& resource, const std::string& version) {
  return resource.group.empty() ? "api/" + version : fmt::format("apis/{}/{}", resource.group, version);
}

Json document_v3(const Options& options, const std::string& prefix) {
  Json paths = Json::object();
  for (const auto& resource : all_resources()) {
    for (const auto& version : resource.versions) {
      if (prefix_of(resource, version) != prefix || !serves(options, resource, version)) continue;
      const auto path = fmt::format("/{}/{}{}/{{name}}", prefix, resource.namespaced ? "namespaces/{namespace}/" : "",
                                    resource.plural);
      paths[path] = patch_operation(resource, version);
    }
  }
  if (paths.empty()) return nullptr;
  return {{"openapi", "3.0.0"},
          {"info", {{"title", "Kubernetes"}, {"version", "unversioned"}}},
          {"paths", paths},
          {"components", {{"schemas", all_type_schemas(options, "#/components/schemas/")}}}};
}

Json index_v3(const Options& options) {
  Json paths = Json::object();
  for (const auto& resource : all_resources()) {
    for (const auto& version : resource.versions) {
      if (!serves(options, resource, version)) continue;
      const auto prefix = prefix_of(resource, version);
      paths[prefix] = {{"serverRelativeURL", "/openapi/v3/" + prefix}};
    }
  }
  return {{"paths", paths}};
}

}  // namespace

Json kinds_of(const Schema& schema, const Options& options) {
  Json kinds = Json::array();
  for (const auto& resource : all_resources()) {
    if (resource.schema != &schema) continue;
    for (const auto& version : resource.versions) {
      // The fields of v1beta1 are not quite the stored ones: no type, no false alarm.
      if (version == "v1beta1" || !serves(options, resource, version)) continue;
      kinds.push_back({{"group", resource.group}, {"kind", resource.kind}, {"version", version}});
    }
  }
  return kinds;
}

std::optional<Response> handle_openapi(const Context& context, const Request& request) {
  const auto& options = context.options;
  if (request.path == "/openapi/v2") {
    if (request.accept.find(kProtobufV2) != std::string::npos) {
      Response response;
      // What is asked for with '@' is answered with '.', as '@' has no place in a media type.
      response.content_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
      response.body = openapi_v2_protobuf(options);
      return response;
    }
    return json_response(request, 200,
                         {{"swagger", "2.0"},
                          {"info", {{"title", "Kubernetes"}, {"version", "unversioned"}}},
                          {"paths", Json::object()},
                          {"definitions", all_type_schemas(options, "#/definitions/")}});
  }
  constexpr std::string_view kV3 = "/openapi/v3";
  if (options.release == Release::k1_20 || !request.path.starts_with(kV3)) return std::nullopt;
  if (request.path.size() == kV3.size()) return json_response(request, 200, index_v3(options));
  const auto document = document_v3(options, request.path.substr(kV3.size() + 1));
  if (document.is_null()) return std::nullopt;
  return json_response(request, 200, document);
}

}  // namespace ferry::apiserver
