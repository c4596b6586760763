#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/openapi.h"

namespace ferry::apiserver {
namespace {

/// The fields of gnostic's openapi_v2 messages that are used here, by their numbers in OpenAPIv2.proto.
enum class Number : std::uint32_t {
  kDocumentSwagger = 1,
  kDocumentInfo = 2,
  kDocumentPaths = 8,
  kDocumentDefinitions = 9,
  kInfoTitle = 1,
  kInfoVersion = 2,
  kAdditionalProperties = 1,
  kNamedName = 1,
  kNamedValue = 2,
  kSchemaRef = 1,
  kSchemaFormat = 2,
  kSchemaAdditionalProperties = 21,
  kSchemaType = 22,
  kSchemaItems = 23,
  kSchemaProperties = 25,
  kSchemaVendorExtension = 31,
  kTypeValue = 1,
  kItemsSchema = 1,
  kAdditionalSchema = 1,
  kAnyYaml = 2,
};

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
  return out;
}

/// A length-delimited field: a text or a message.
std::string delimited(Number number, std::string_view content) {
  constexpr std::uint32_t kLengthDelimited = 2;
  auto out = varint(static_cast<std::uint32_t>(number) << 3 | kLengthDelimited);
  out += varint(content.size());
  out += content;
  return out;
}

std::string named(std::string_view name, std::string_view value) {
  return delimited(Number::kNamedName, name) + delimited(Number::kNamedValue, value);
}

std::string extension(std::string_view name, std::string_view yaml) {
  return delimited(Number::kSchemaVendorExtension, named(name, delimited(Number::kAnyYaml, yaml)));
}

std::string typed(std::string_view type, std::string_view format = {}) {
  std::string out;
  if (!format.empty()) out += delimited(Number::kSchemaFormat, format);
  return out + delimited(Number::kSchemaType, delimited(Number::kTypeValue, type));
}

std::string value_schema(const Field& field) {
  switch (field.scalar) {
    case Field::Scalar::kObject:
      return delimited(Number::kSchemaRef, "#/definitions/" + field.type->name);
    case Field::Scalar::kString:
      return typed("string");
    case Field::Scalar::kInteger:
      return typed("integer", "int64");
    case Field::Scalar::kBoolean:
      return typed("boolean");
    case Field::Scalar::kIntOrString:
      return typed("string", "int-or-string");
    case Field::Scalar::kAny:
      break;
  }
  return {};
}

std::string field_schema(const Field& field) {
  const auto value = value_schema(field);
  if (field.shape == Field::Shape::kSingle) return value;
  if (field.shape == Field::Shape::kMap) {
    return delimited(Number::kSchemaAdditionalProperties, delimited(Number::kAdditionalSchema, value)) +
           typed("object");
  }
  auto out = typed("array") + delimited(Number::kSchemaItems, delimited(Number::kItemsSchema, value));
  if (field.merged) out += extension("x-kubernetes-patch-strategy", "merge\n");
  if (!field.merge_key.empty()) out += extension("x-kubernetes-patch-merge-key", field.merge_key + "\n");
  return out;
}

std::string property(std::string_view name, std::string_view schema) {
  return delimited(Number::kAdditionalProperties, named(name, schema));
}

std::string type_schema(const Schema& schema, const Options& options) {
  std::string properties;
  const auto kinds = kinds_of(schema, options);
  if (!kinds.empty()) properties += property("apiVersion", typed("string")) + property("kind", typed("string"));
  for (const auto& field : schema.fields) properties += property(field.name, field_schema(field));
  auto out = typed("object") + delimited(Number::kSchemaProperties, properties);
  // JSON is YAML.
  if (!kinds.empty()) out += extension("x-kubernetes-group-version-kind", kinds.dump() + "\n");
  return out;
}

}  // namespace

std::string openapi_v2_protobuf(const Options& options) {
  std::string definitions;
  for (const auto& [name, schema] : all_schemas()) {
    definitions += property(schema.name, type_schema(schema, options));
  }
  return delimited(Number::kDocumentSwagger, "2.0") +
         delimited(Number::kDocumentInfo,
                   delimited(Number::kInfoTitle, "Kubernetes") + delimited(Number::kInfoVersion, "unversioned")) +
         delimited(Number::kDocumentPaths, "") + delimited(Number::kDocumentDefinitions, definitions);
}

}  // namespace ferry::apiserver
