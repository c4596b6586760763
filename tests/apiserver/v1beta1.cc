#include <charconv>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/context.h"
#include "tests/apiserver/watch.h"

namespace ferry::apiserver {
namespace {

constexpr const char* kNamespace = "default";

/// Errors as they were written in 2014: lower-case words.
Response failure(const Request& request, int code, std::string_view reason, std::string_view message,
                 std::string_view kind, std::string_view id) {
  return json_response(request, code,
                       {{"kind", "Status"},
                        {"creationTimestamp", nullptr},
                        {"apiVersion", "v1beta1"},
                        {"status", "failure"},
                        {"message", message},
                        {"reason", reason},
                        {"details", {{"id", id}, {"kind", kind}}},
                        {"code", code}});
}

/// `ID=foo` selects one object, the empty text every one; anything else was an error.
Result<Selection> selection_of(const Resource& resource, const Request& request) {
  Selection selection;
  selection.ns = kNamespace;
  if (!request.param("labels").empty()) {
    return bad_request(fmt::format("label selectors are not supported on {}", resource.plural));
  }
  const std::string fields = request.param("fields");
  if (fields.empty()) return selection;
  if (!fields.starts_with("ID=") && !fields.starts_with("ID==")) {
    return bad_request("only the 'ID' and default (everything) field selectors are supported");
  }
  auto selector = FieldSelector::parse(resource, "metadata.name=" + fields.substr(fields.rfind('=') + 1), false);
  if (!selector) return selector.error();
  selection.fields = std::move(*selector);
  return selection;
}

Response watch(Context& context, const Resource& resource, const Request& request) {
  auto selection = selection_of(resource, request);
  if (!selection) return failure(request, 500, "", selection.error().message, resource.singular, "");
  // A version that does not parse was read as 0. What is asked for is the first event to come, so the one it names
  // is still to be sent.
  const auto text = request.param("resourceVersion");
  Version version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  Watch::Plan plan;
  plan.resource = resource.plural;
  plan.selection = std::move(*selection);
  plan.representation = make_v1beta1_representation(resource, context.options.capital_events);
  if (version > 0) plan.after = version - 1;
  plan.queue_limit = context.options.watch_queue;
  Response response;
  response.watch = std::make_shared<Watch>(context.executor, context.storage, std::move(plan));
  return response;
}

Response list(Context& context, const Resource& resource, const Request& request) {
  const auto labels = LabelSelector::parse(request.param("labels"));
  if (!labels) return failure(request, 500, "", labels.error().message, resource.singular, "");
  auto snapshot = context.storage.list(resource.plural, kNamespace);
  std::erase_if(snapshot.items, [&](const ObjectPtr& item) { return !labels->matches(item->value); });
  Response response;
  response.body = make_v1beta1_representation(resource, false)->list({snapshot.version, {}, -1}, snapshot.items);
  return response;
}

Response get(Context& context, const Resource& resource, const Request& request, const std::string& id) {
  auto object = context.storage.find(resource.plural, kNamespace, id);
  if (!object && resource.plural == "endpoints" && context.storage.find("services", kNamespace, id)) {
    // A service without endpoints has an empty list of them, not none.
    object = Storage::make_object("endpoints", {{"metadata", {{"name", id}, {"namespace", kNamespace}}}}, 0);
  }
  if (!object) {
    return failure(request, 404, "notFound", fmt::format("service \"{}\" not found", id), "service", id);
  }
  Response response;
  response.body = make_v1beta1_representation(resource, false)->object(*object);
  return response;
}

}  // namespace

std::optional<Response> handle_v1beta1(Context& context, const Request& request) {
  auto parts = path_parts(request.path);
  if (parts.size() < 3 || parts[0] != "api" || parts[1] != "v1beta1") return std::nullopt;
  const bool watched = parts[2] == "watch";
  parts.erase(parts.begin(), parts.begin() + (watched ? 3 : 2));
  if (parts.empty() || parts.size() > 2 || (parts[0] != "services" && parts[0] != "endpoints")) return std::nullopt;
  const auto* resource = find_resource(parts[0]);
  if (request.method != "GET") {
    return watched ? text_response(404, "404 page not found\n")
                   : failure(request, 500, "", "unimplemented", resource->singular, "");
  }
  if (watched) return watch(context, *resource, request);
  return parts.size() == 1 ? list(context, *resource, request) : get(context, *resource, request, parts[1]);
}

}  // namespace ferry::apiserver
