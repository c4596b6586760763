#include "tests/apiserver/body.h"
#include "tests/apiserver/context.h"

namespace ferry::apiserver {
namespace {

/// What a DeleteOptions body asks for.
struct DeleteOptions {
  Preconditions preconditions;
  bool dry_run = false;
};

Result<DeleteOptions> parse_delete_options(const Request& request) {
  DeleteOptions options;
  options.dry_run = request.param("dryRun") == "All";
  if (request.body.empty()) return options;
  const auto body = decode_body(request, "DeleteOptions");
  if (!body) return body.error();
  const auto preconditions = body->value("preconditions", Json::object());
  if (preconditions.is_object()) {
    const auto uid = preconditions.value("uid", Json());
    const auto version = preconditions.value("resourceVersion", Json());
    if (uid.is_string()) options.preconditions.uid = uid.get<std::string>();
    if (version.is_string()) options.preconditions.resource_version = version.get<std::string>();
  }
  const auto dry_run = body->value("dryRun", Json());
  if (dry_run.is_array() && !dry_run.empty()) options.dry_run = true;
  return options;
}

/// A namespace takes what it holds with it.
void empty_namespace(Storage& storage, const std::string& ns) {
  for (const auto& resource : all_resources()) {
    if (!resource.namespaced) continue;
    for (const auto& object : storage.list(resource.plural, ns).items) {
      static_cast<void>(storage.remove(resource.plural, ns, object->name()));
    }
  }
}

}  // namespace

Response handle_delete(Context& context, const Route& route, const Request& request) {
  const auto& resource = route.resource->plural;
  const auto options = parse_delete_options(request);
  if (!options) return status_response(request, options.error());
  const auto old = context.storage.find(resource, route.ns, route.name);
  if (!old) return status_response(request, not_found(resource, route.name, route.resource->group));
  auto removed = options->dry_run ? Result<ObjectPtr>(old)
                                  : context.storage.remove(resource, route.ns, route.name, options->preconditions);
  if (!removed) return status_response(request, removed.error());
  if (resource == "namespaces" && !options->dry_run) empty_namespace(context.storage, route.name);

  const auto& metadata = (*removed)->value["metadata"];
  if (resource == "pods" || resource == "namespaces" || metadata.contains("deletionTimestamp")) {
    auto representation = make_json_representation(request, *route.resource, route.version, context.options.release);
    Response response;
    response.body = representation->object(**removed);
    return response;
  }
  Status success;
  success.code = 200;
  Json details = {{"name", route.name}};
  if (!route.resource->group.empty()) details["group"] = route.resource->group;
  details["kind"] = resource;
  details["uid"] = metadata.value("uid", "");
  success.details = std::move(details);
  return status_response(request, success);
}

Response handle_delete_collection(Context& context, const Route& route, const Request& request) {
  auto representation = choose_representation(request, *route.resource, route.version, context.options.release);
  if (!representation) return status_response(request, representation.error());
  const auto selection = parse_selection(context, route, request);
  if (!selection) return status_response(request, selection.error());
  const auto options = parse_delete_options(request);
  if (!options) return status_response(request, options.error());
  std::vector<ObjectPtr> removed;
  for (const auto& object : context.storage.list(route.resource->plural, route.ns).items) {
    if (!selection->matches(*object)) continue;
    if (!options->dry_run) {
      static_cast<void>(context.storage.remove(route.resource->plural, object->ns(), object->name()));
    }
    removed.push_back(object);
  }
  ListHead head;
  head.version = context.storage.version();
  Response response;
  response.body = (*representation)->list(head, removed);
  return response;
}

}  // namespace ferry::apiserver
