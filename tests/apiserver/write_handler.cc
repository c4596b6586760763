#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/body.h"
#include "tests/apiserver/controllers/binding.h"
#include "tests/apiserver/defaulting.h"
#include "tests/apiserver/patch.h"
#include "tests/apiserver/service_admission.h"
#include "tests/apiserver/slice_conversion.h"
#include "tests/apiserver/validation.h"

namespace ferry::apiserver {
namespace {

/// The kind as `invalid` names it and the group it belongs to.
Status invalid_object(const Route& route, const Json& object, const std::vector<FieldError>& errors) {
  return invalid(route.resource->kind, object["metadata"].value("name", ""), errors, route.resource->group);
}

/// Everything between a canonical object and the storage: defaults, what is kept of the old state, allocation,
/// validation.
Result<Json> admitted(const Context& context, const Route& route, Json object, const Object* old) {
  const auto& resource = *route.resource;
  const auto release = context.options.release;
  if (resource.has_subresource("status")) {
    const bool to_status = route.subresource == "status";
    const char* kept = to_status ? "spec" : "status";
    if (old != nullptr && old->value.contains(kept)) object[kept] = old->value[kept];
    if (old == nullptr && resource.plural != "nodes") object.erase("status");
  }
  set_defaults(resource.plural, object, release);
  auto errors = validate(resource, object, context.allocator.loopback());
  if (old != nullptr) {
    const auto changes = validate_change(resource, old->value, object);
    errors.insert(errors.end(), changes.begin(), changes.end());
  }
  if (!errors.empty()) return invalid_object(route, object, errors);
  if (resource.plural == "services" && route.subresource.empty()) {
    return admit_service(context.allocator, std::move(object), old, release);
  }
  return ok(std::move(object));
}

Response object_response(const Context& context, const Route& route, const Request& request, int code,
                         const Object& object, const std::vector<std::string>& warnings) {
  auto representation = choose_representation(request, *route.resource, route.version, context.options.release);
  if (!representation) return status_response(request, representation.error());
  Response response;
  response.status = code;
  response.body = (*representation)->object(object);
  add_warnings(response, warnings);
  return response;
}

/// Stores what a request made of an object, or only says what would be stored when it is a dry run.
Result<ObjectPtr> replaced(const Context& context, const Route& route, const Request& request, Json object) {
  const auto& resource = route.resource->plural;
  if (request.param("dryRun") != "All") return context.storage.replace(resource, std::move(object));
  const auto current = context.storage.find(resource, route.ns, route.name);
  return Storage::make_object(resource, std::move(object), current->version);
}

std::optional<Status> namespace_missing(const Context& context, const Route& route) {
  if (!route.resource->namespaced || context.storage.find("namespaces", "", route.ns)) return std::nullopt;
  return not_found("namespaces", route.ns);
}

/// The object an update or patch is to become, when it must still be the version it names.
Result<ObjectPtr> stored(const Context& context, const Route& route, const Request& request, const Object& old,
                         Json object, std::vector<std::string>& warnings) {
  auto whole = canonical_object(context, route, request, std::move(object), warnings);
  if (!whole) return whole.error();
  const auto name = (*whole)["metadata"].value("name", route.name);
  if (name != route.name) {
    return bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})", name, route.name));
  }
  (*whole)["metadata"]["name"] = route.name;
  // A stale version is refused before anything else is found wrong with the object.
  const auto wanted = (*whole)["metadata"].value("resourceVersion", "");
  if (!wanted.empty() && wanted != std::to_string(old.version)) {
    return context.storage.replace(route.resource->plural, std::move(*whole));
  }
  auto ready = admitted(context, route, std::move(*whole), &old);
  if (!ready) return ready.error();
  return replaced(context, route, request, std::move(*ready));
}

Result<Json> patched(const Route& route, const Request& request, const Object& old) {
  const auto media = request.content_type.substr(0, request.content_type.find(';'));
  Request as_json = request;
  as_json.content_type = "application/json";
  Json target = route.version == "v1beta1" ? slice_to_v1beta1(old.value) : old.value;
  if (media == "application/json-patch+json") {
    const auto patch = parse_json(request.body);
    if (!patch) return bad_request("the body of the request is no JSON");
    return json_patched(target, *patch);
  }
  const bool merge = media == "application/merge-patch+json";
  if (!merge && media != "application/strategic-merge-patch+json") {
    Status status;
    status.code = 415;
    status.reason = "UnsupportedMediaType";
    status.message =
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json";
    return status;
  }
  const auto patch = decode_body(as_json, route.resource->kind);
  if (!patch) return patch.error();
  return merge ? ok(merge_patched(target, *patch)) : strategically_patched(*route.resource->schema, target, *patch);
}

}  // namespace

Response handle_create(Context& context, const Route& route, const Request& request) {
  auto body = decode_body(request, route.resource->kind);
  if (!body) return status_response(request, body.error());
  std::vector<std::string> warnings;
  auto object = canonical_object(context, route, request, std::move(*body), warnings);
  if (!object) return status_response(request, object.error());
  if (const auto missing = namespace_missing(context, route)) return status_response(request, *missing);
  const auto& metadata = (*object)["metadata"];
  if (!metadata.value("resourceVersion", "").empty()) {
    return status_response(request, bad_request("resourceVersion should not be set on objects to be created"));
  }
  const auto name = metadata.value("name", "");
  if (!name.empty() && context.storage.find(route.resource->plural, route.ns, name)) {
    return status_response(request, already_exists(route.resource->plural, name, route.resource->group));
  }
  auto ready = admitted(context, route, std::move(*object), nullptr);
  if (!ready) return status_response(request, ready.error());
  if (request.param("dryRun") == "All") {
    const auto preview = Storage::make_object(route.resource->plural, std::move(*ready), 0);
    return object_response(context, route, request, 201, *preview, warnings);
  }
  const auto created = context.storage.create(route.resource->plural, std::move(*ready));
  if (!created) return status_response(request, created.error());
  return object_response(context, route, request, 201, **created, warnings);
}

Response handle_update(Context& context, const Route& route, const Request& request) {
  auto body = decode_body(request, route.resource->kind);
  if (!body) return status_response(request, body.error());
  const auto old = context.storage.find(route.resource->plural, route.ns, route.name);
  if (!old) return status_response(request, not_found(route.resource->plural, route.name, route.resource->group));
  std::vector<std::string> warnings;
  const auto result = stored(context, route, request, *old, std::move(*body), warnings);
  if (!result) return status_response(request, result.error());
  return object_response(context, route, request, 200, **result, warnings);
}

Response handle_patch(Context& context, const Route& route, const Request& request) {
  const auto old = context.storage.find(route.resource->plural, route.ns, route.name);
  if (!old) return status_response(request, not_found(route.resource->plural, route.name, route.resource->group));
  auto object = patched(route, request, *old);
  if (!object) return status_response(request, object.error());
  std::vector<std::string> warnings;
  const auto result = stored(context, route, request, *old, std::move(*object), warnings);
  if (!result) return status_response(request, result.error());
  return object_response(context, route, request, 200, **result, warnings);
}

Response handle_binding(Context& context, const Route& route, const Request& request) {
  auto body = decode_body(request, "Binding");
  if (!body) return status_response(request, body.error());
  std::vector<std::string> unknown;
  const auto binding = canonical(schema_of("Binding"), *body, unknown);
  if (!binding) return status_response(request, binding.error());
  const auto node = (*binding)["target"].value("name", "");
  if (node.empty()) {
    return status_response(request, invalid("Binding", route.name, {required("target.name")}));
  }
  const auto bind = [&node](const Object& pod) { return bind_pod(pod, node); };
  const auto bound = context.storage.update("pods", route.ns, route.name, bind);
  if (!bound) return status_response(request, bound.error());
  Status success;
  success.code = 201;
  return status_response(request, success);
}

}  // namespace ferry::apiserver
