#include "proxy/admin/json_response.h"

namespace ferry::proxy {

using Json = nlohmann::ordered_json;

std::string json_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Response json_response(const Json& json) {
  return {.content_type = "application/json", .body = json_text(json) + "\n"};
}

Response error_response(unsigned status, const std::string& sentence) {
  return {.status = status, .content_type = "application/json", .body = json_text(Json{{"error", sentence}}) + "\n"};
}

}  // namespace ferry::proxy
