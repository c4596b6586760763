#include "tests/apiserver/status.h"

#include <stdexcept>

#include <spdlog/fmt/fmt.h>

namespace ferry::apiserver {
namespace {

/// "services", or "endpointslices.discovery.k8s.io" as messages name resources of a group.
std::string qualified(std::string_view resource, std::string_view group) {
  return group.empty() ? std::string(resource) : fmt::format("{}.{}", resource, group);
}

Json details_of(std::string_view name, std::string_view group, std::string_view kind) {
  Json details = Json::object();
  if (!name.empty()) details["name"] = name;
  if (!group.empty()) details["group"] = group;
  details["kind"] = kind;
  return details;
}

Status make(int code, std::string_view reason, std::string message, std::optional<Json> details = std::nullopt) {
  Status status;
  status.code = code;
  status.reason = reason;
  status.message = std::move(message);
  status.details = std::move(details);
  return status;
}

}  // namespace

Json to_json(const Status& status) {
  Json json = {{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()}};
  if (!status.continue_token.empty()) json["metadata"]["continue"] = status.continue_token;
  const bool success = status.code < 400;
  json["status"] = success ? "Success" : "Failure";
  if (!status.message.empty()) json["message"] = status.message;
  if (!status.reason.empty()) json["reason"] = status.reason;
  if (status.details) json["details"] = *status.details;
  if (!success) json["code"] = status.code;
  return json;
}

Status bad_request(std::string message) { return make(400, "BadRequest", std::move(message)); }

Status not_found(std::string_view resource, std::string_view name, std::string_view group) {
  return make(404, "NotFound", fmt::format("{} \"{}\" not found", qualified(resource, group), name),
              details_of(name, group, resource));
}

Status already_exists(std::string_view resource, std::string_view name, std::string_view group) {
  return make(409, "AlreadyExists", fmt::format("{} \"{}\" already exists", qualified(resource, group), name),
              details_of(name, group, resource));
}

Status conflict(std::string_view resource, std::string_view name, std::string_view why, std::string_view group) {
  return make(409, "Conflict",
              fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", qualified(resource, group), name, why),
              details_of(name, group, resource));
}

Status invalid(std::string_view kind, std::string_view name, const std::vector<FieldError>& errors,
               std::string_view group) {
  Json details = details_of(name, group, kind);
  details["causes"] = Json::array();
  std::string text;
  for (const auto& error : errors) {
    details["causes"].push_back({{"reason", error.reason}, {"message", error.message}, {"field", error.field}});
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", error.field, error.message);
  }
  if (errors.size() > 1) text = "[" + text + "]";
  return make(422, "Invalid", fmt::format("{} \"{}\" is invalid: {}", qualified(kind, group), name, text), details);
}

Status expired(std::string message) { return make(410, "Expired", std::move(message)); }

Status no_such_resource() {
  return make(404, "NotFound", "the server could not find the requested resource", Json::object());
}

Status method_not_allowed() {
  return make(405, "MethodNotAllowed", "the server does not allow this method on the requested resource",
              Json::object());
}

void throw_exception_from_error(const Status& status, const boost::source_location& /*where*/) {
  throw std::runtime_error(status.message);
}

}  // namespace ferry::apiserver
