#include "tests/e2e/api.h"

#include <stdexcept>

#include "tests/e2e/http_client.h"

namespace ferry::testing {

Json Api::merge_patch(const std::string& path, const Json& patch) const {
  return send("PATCH", path, patch, "application/merge-patch+json");
}

Json Api::send(const std::string& method, const std::string& path, const Json& body,
               const std::string& content_type) const {
  const HttpReply reply = http(method, url_ + path, body.is_null() ? "" : body.dump(), content_type);
  if (reply.status < 200 || reply.status > 299) {
    throw std::runtime_error(method + " " + path + " gave " + std::to_string(reply.status) + ": " + reply.body);
  }
  return Json::parse(reply.body);
}

}  // namespace ferry::testing
