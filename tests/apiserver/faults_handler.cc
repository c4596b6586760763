#include "tests/apiserver/body.h"
#include "tests/apiserver/context.h"

namespace ferry::apiserver {

Response handle_faults(Context& context, const Request& request) {
  if (request.method == "GET") return json_response(request, 200, context.faults.to_json());
  if (request.method == "DELETE") {
    context.faults.clear();
    return json_response(request, 200, context.faults.to_json());
  }
  if (request.method != "POST") return status_response(request, method_not_allowed());
  const auto body = parse_json(request.body);
  if (!body) return status_response(request, bad_request("the body is no JSON"));
  // One fault, or a list of them: all or none are taken.
  std::vector<Fault> faults;
  for (const auto& item : body->is_array() ? *body : Json::array({*body})) {
    auto fault = Faults::parse(item);
    if (!fault) return status_response(request, fault.error());
    faults.push_back(std::move(*fault));
  }
  for (auto& fault : faults) context.faults.add(std::move(fault));
  return json_response(request, 201, context.faults.to_json());
}

Response handle_watches(const Context& context, const Request& request) {
  if (request.method != "GET") return status_response(request, method_not_allowed());
  return json_response(request, 200, {{"watches", context.open_watches()}});
}

}  // namespace ferry::apiserver
