#include "tests/apiserver/body.h"

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/protobuf_body.h"
#include "tests/apiserver/slice_conversion.h"
#include "tests/apiserver/yaml.h"

namespace ferry::apiserver {
namespace {

constexpr std::size_t kDeepest = 200;

/// Whether the nesting of a JSON text stays within bounds: what builds values from it recurses.
bool shallow(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      if (text[i] == '\\') ++i;
      if (i < text.size() && text[i] == '"') quoted = false;
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == '{' || text[i] == '[') {
      if (++depth > kDeepest) return false;
    } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
      --depth;
    }
  }
  return true;
}

/// Why a text is no JSON, in the words of Go's decoder.
std::string parse_error(const std::string& text) {
  if (!shallow(text)) return "exceeded max depth";
  std::size_t at = 0;
  try {
    [[maybe_unused]] const auto parsed = Json::parse(text);
  } catch (const Json::parse_error& error) {
    at = error.byte;
  }
  if (at == 0 || at > text.size()) return "unexpected end of JSON input";
  return fmt::format("invalid character '{}' looking for beginning of value", text[at - 1]);
}

}  // namespace

std::optional<Json> parse_json(const std::string& text) {
  if (!shallow(text)) return std::nullopt;
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

Result<Json> decode_body(const Request& request, std::string_view kind) {
  const auto media = request.content_type.substr(0, request.content_type.find(';'));
  if (media == "application/yaml") {
    auto documents = parse_yaml(request.body);
    if (!documents) return documents.error();
    if (documents->size() != 1) return bad_request("the body is to be one YAML document");
    return ok(std::move(documents->front()));
  }
  if (media == "application/vnd.kubernetes.protobuf") return decode_protobuf(request.body);
  if (!media.empty() && media != "application/json") {
    Status status;
    status.code = 415;
    status.reason = "UnsupportedMediaType";
    status.message =
        "the body of the request was in an unknown format - accepted media types include: application/json, "
        "application/yaml, application/vnd.kubernetes.protobuf";
    return status;
  }
  auto json = parse_json(request.body);
  if (json && json->is_object()) return ok(std::move(*json));
  return bad_request(fmt::format(
      "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse "
      "error: {} ({})",
      kind, json ? "cannot unmarshal into an object" : parse_error(request.body), request.body.substr(0, 1000)));
}

Result<Json> canonical_object(const Context& context, const Route& route, const Request& request, Json object,
                              std::vector<std::string>& warnings) {
  const auto& resource = *route.resource;
  const auto kind = object.value("kind", Json(resource.kind));
  const auto api_version = object.value("apiVersion", Json(resource.api_version(route.version)));
  if (kind != resource.kind || api_version != resource.api_version(route.version)) {
    return bad_request(fmt::format("{} in version {} cannot be handled as a {}: the path is for {} in version \"{}\"",
                                   kind.dump(), api_version.dump(), resource.kind, resource.kind,
                                   resource.api_version(route.version)));
  }
  object.erase("kind");
  object.erase("apiVersion");
  if (!object.contains("metadata") || object["metadata"].is_null()) object["metadata"] = Json::object();
  if (object["metadata"].is_object()) {
    auto& metadata = object["metadata"];
    if (resource.namespaced) {
      const auto ns = metadata.value("namespace", Json(""));
      if (ns != "" && ns != route.ns) {
        return bad_request("the namespace of the provided object does not match the namespace sent on the request");
      }
      metadata["namespace"] = route.ns;
    }
    metadata.erase("managedFields");
  }
  if (route.version == "v1beta1") object = slice_from_v1beta1(std::move(object));
  std::vector<std::string> unknown;
  auto whole = canonical(*resource.schema, object, unknown);
  if (!whole) {
    auto status = whole.error();
    status.message = fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", resource.kind, route.version,
                                 resource.kind, status.message);
    return status;
  }
  const auto validation = request.param("fieldValidation");
  if (unknown.empty() || context.options.release == Release::k1_20 || validation == "Ignore") return whole;
  std::vector<std::string> errors;
  for (const auto& field : unknown) errors.push_back(fmt::format("unknown field \"{}\"", field));
  if (validation == "Strict") {
    return bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: strict decoding error: {}",
                                   resource.kind, route.version, resource.kind, fmt::join(errors, ", ")));
  }
  warnings.insert(warnings.end(), errors.begin(), errors.end());
  return whole;
}

void add_warnings(Response& response, const std::vector<std::string>& warnings) {
  for (const auto& warning : warnings) response.headers.emplace_back("Warning", "299 - " + Json(warning).dump());
}

}  // namespace ferry::apiserver
