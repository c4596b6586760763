#include "tests/apiserver/api.h"

#include <spdlog/spdlog.h>

namespace ferry::apiserver {
namespace {

constexpr const char* kEndpointsDeprecated =
    "299 - \"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\"";

Response dispatch(Context& context, const Route& route, std::string_view verb, const Request& request) {
  if (route.subresource == "binding") return handle_binding(context, route, request);
  if (verb == "get") return handle_get(context, route, request);
  if (verb == "list") return handle_list(context, route, request);
  if (verb == "watch") return handle_watch(context, route, request);
  if (verb == "create") return handle_create(context, route, request);
  if (verb == "update") return handle_update(context, route, request);
  if (verb == "patch") return handle_patch(context, route, request);
  if (verb == "delete") return handle_delete(context, route, request);
  return handle_delete_collection(context, route, request);
}

/// The answer where nothing is served: a Status inside a group that exists, a plain text elsewhere.
Response nothing_there(const Context& context, const Request& request) {
  const auto parts = path_parts(request.path);
  const bool core = parts.size() >= 2 && parts[0] == "api" && parts[1] == "v1";
  const bool group = parts.size() >= 2 && parts[0] == "apis" && !served_versions(context.options, parts[1]).empty();
  if (core || group) return status_response(request, no_such_resource());
  return text_response(404, "404 page not found\n");
}

Response answer_call(Context& context, const Auth& auth, const Call& call, const Request& request) {
  const auto* route = call.route ? &*call.route : nullptr;
  if (const auto refused = auth.check(request.authorization, route, call.verb, request.path)) {
    auto response = status_response(request, *refused);
    if (refused->code == 403) response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return response;
  }
  if (request.path == "/_faults") return handle_faults(context, request);
  if (request.path == "/_watches") return handle_watches(context, request);
  if (request.path == kAccessReviews) return handle_access_review(auth, request);
  if (call.route) {
    if (call.verb.empty()) return status_response(request, method_not_allowed());
    auto response = dispatch(context, *call.route, call.verb, request);
    if (call.route->resource->plural == "endpoints" && context.options.release != Release::k1_20) {
      response.headers.emplace_back("Warning", kEndpointsDeprecated);
    }
    return response;
  }
  if (auto response = handle_v1beta1(context, request)) return std::move(*response);
  if (request.method == "GET") {
    if (auto response = handle_discovery(context, request)) return std::move(*response);
  }
  return nothing_there(context, request);
}

}  // namespace

Call understand(const Context& context, const Request& request) {
  Call call;
  call.route = parse_route(request.path, context.options);
  if (call.route) {
    call.verb = verb_of(*call.route, request);
  } else if (request.path.starts_with("/api/v1beta1/watch/")) {
    call.verb = "watch";
  } else if (request.path.starts_with("/api/v1beta1/")) {
    call.verb = path_parts(request.path).size() == 3 ? "list" : "get";
  }
  return call;
}

Response answer(Context& context, const Auth& auth, const Call& call, const Request& request) {
  try {
    return answer_call(context, auth, call, request);
  } catch (const std::exception& error) {
    spdlog::error("{} {}: {}", request.method, request.target, error.what());
    Status status;
    status.reason = "InternalError";
    status.message = std::string("Internal error occurred: ") + error.what();
    return status_response(request, status);
  }
}

}  // namespace ferry::apiserver
