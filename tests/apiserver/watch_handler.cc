#include <charconv>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/context.h"
#include "tests/apiserver/watch.h"

namespace ferry::apiserver {
namespace {

Status forbidden(std::initializer_list<const char*> reasons) {
  std::vector<FieldError> errors;
  for (const auto* reason : reasons) {
    errors.push_back({"resourceVersionMatch", "FieldValueForbidden", fmt::format("Forbidden: {}", reason)});
  }
  return invalid("ListOptions", "", errors, "meta.k8s.io");
}

/// What is wrong with the options of a watch; nullopt when nothing is.
std::optional<Status> check_options(const Request& request, Release release) {
  const auto match = request.param("resourceVersionMatch");
  const bool sends_initial = request.query.contains("sendInitialEvents");
  const bool no_version = request.param("resourceVersion").empty();
  constexpr const char* kForbidden = "resourceVersionMatch is forbidden for watch";
  if (release == Release::k1_20) {
    if (match.empty()) return std::nullopt;
    if (!no_version) return forbidden({kForbidden});
    return forbidden({kForbidden, "resourceVersionMatch is forbidden unless resourceVersion is provided"});
  }
  if (sends_initial && match != "NotOlderThan") {
    return forbidden({"sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"});
  }
  if (!sends_initial && !match.empty()) {
    return forbidden({"resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"});
  }
  return std::nullopt;
}

}  // namespace

Response handle_watch(Context& context, const Route& route, const Request& request) {
  const auto& options = context.options;
  auto representation = choose_representation(request, *route.resource, route.version, options.release);
  if (!representation) return status_response(request, representation.error());
  auto selection = parse_selection(context, route, request);
  if (!selection) return status_response(request, selection.error());
  if (const auto error = check_options(request, options.release)) return status_response(request, *error);
  const auto version = parse_version(request.param("resourceVersion"));
  if (!version) return status_response(request, version.error());
  if (!route.name.empty()) {
    auto named = FieldSelector::parse(*route.resource, "metadata.name=" + route.name, false);
    selection->fields = std::move(*named);
  }

  const bool watch_list = options.release != Release::k1_20 && request.flag("sendInitialEvents");
  const bool from_now = options.release != Release::k1_20 && request.param("sendInitialEvents") == "false";
  Watch::Plan plan;
  plan.resource = route.resource->plural;
  plan.selection = std::move(*selection);
  plan.representation = std::move(*representation);
  if (*version > 0 && !watch_list) plan.after = *version;
  if (*version == 0 && from_now) plan.after = context.storage.version();
  plan.bookmarks = request.flag("allowWatchBookmarks");
  plan.marks_initial_end = plan.bookmarks && options.release != Release::k1_20;
  plan.bookmark_interval = options.bookmark_interval;
  plan.queue_limit = options.watch_queue;
  const auto timeout = request.param("timeoutSeconds");
  int seconds = 0;
  if (std::from_chars(timeout.data(), timeout.data() + timeout.size(), seconds).ec == std::errc()) {
    plan.timeout = std::chrono::seconds(seconds);
  }
  Response response;
  response.watch = std::make_shared<Watch>(context.executor, context.storage, std::move(plan));
  return response;
}

}  // namespace ferry::apiserver
