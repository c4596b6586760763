#include "tests/apiserver/auth.h"
#include "tests/apiserver/body.h"
#include "tests/apiserver/context.h"

namespace ferry::apiserver {

Response handle_access_review(const Auth& auth, const Request& request) {
  if (request.method != "POST") return status_response(request, method_not_allowed());
  const auto body = parse_json(request.body);
  if (!body || !body->is_object()) return status_response(request, bad_request("the body is no JSON object"));
  const Json::json_pointer at("/spec/resourceAttributes");
  if (!body->contains(at) || !body->at(at).is_object()) {
    return status_response(request, bad_request("spec.resourceAttributes is missing"));
  }
  const Json& attributes = body->at(at);
  std::string resource = attributes.value("resource", "");
  const std::string group = attributes.value("group", "");
  if (!group.empty()) resource += "." + group;
  const bool allowed = auth.may(request.authorization, attributes.value("verb", ""), resource);
  Json answer = *body;
  answer["status"] = {{"allowed", allowed}};
  return json_response(request, 201, answer);
}

}  // namespace ferry::apiserver
