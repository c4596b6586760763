#include "tests/apiserver/auth.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/context.h"

namespace ferry::apiserver {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kAnonymous = "system:anonymous";

/// The fields of a line of comma-separated values; a field may be in quotes.
std::vector<std::string> csv_fields(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

bool reads(std::string_view verb) { return verb == "get" || verb == "list" || verb == "watch"; }

bool is_in(const std::vector<std::string>& groups, std::string_view group) {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

bool may_everything(const std::vector<std::string>& groups) {
  return groups.empty() || is_in(groups, "system:masters");
}

bool reads_at_least(const std::vector<std::string>& groups) {
  return may_everything(groups) || is_in(groups, "system:node-proxier");
}

bool permits(const std::vector<std::string>& groups, std::string_view verb) {
  return may_everything(groups) || (reads(verb) && reads_at_least(groups));
}

Status unauthorized() {
  Status status;
  status.code = 401;
  status.reason = "Unauthorized";
  status.message = "Unauthorized";
  return status;
}

Status forbidden(std::string_view user, const Route* route, std::string_view verb, std::string_view path) {
  Status status;
  status.code = 403;
  status.reason = "Forbidden";
  if (route == nullptr) {
    status.message = fmt::format("forbidden: User \"{}\" cannot get path \"{}\"", user, path);
    status.details = Json::object();
    return status;
  }
  const auto& resource = *route->resource;
  const auto scope =
      route->ns.empty() ? std::string("at the cluster scope") : fmt::format("in the namespace \"{}\"", route->ns);
  const auto subject =
      route->name.empty() ? resource.qualified() : fmt::format("{} \"{}\"", resource.qualified(), route->name);
  status.message = fmt::format("{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}", subject,
                               user, verb, resource.plural, resource.group, scope);
  Json details = Json::object();
  if (!route->name.empty()) details["name"] = route->name;
  if (!resource.group.empty()) details["group"] = resource.group;
  details["kind"] = resource.plural;
  status.details = details;
  return status;
}

}  // namespace

Auth Auth::from_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(fmt::format("--token-file {}: cannot be read", path));
  Auth auth;
  auth.users_.emplace();
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const auto fields = csv_fields(line);
    if (fields.size() < 3 || fields[0].empty()) {
      throw std::runtime_error(fmt::format("--token-file {}:{}: wants token,user,uid[,\"groups\"]", path, number));
    }
    User user;
    user.name = fields[1];
    if (fields.size() > 3) user.groups = csv_fields(fields[3]);
    std::erase(user.groups, "");
    auth.users_->insert_or_assign(fields[0], user);
  }
  return auth;
}

const Auth::User* Auth::find(std::string_view authorization) const {
  const auto user = users_->find(authorization.substr(std::min(kBearer.size(), authorization.size())));
  return authorization.starts_with(kBearer) && user != users_->end() ? &user->second : nullptr;
}

bool Auth::denies(std::string_view verb, std::string_view resource) const {
  return std::find(denied_.begin(), denied_.end(), fmt::format("{} {}", verb, resource)) != denied_.end();
}

std::optional<Status> Auth::check(std::string_view authorization, const Route* route, std::string_view verb,
                                  std::string_view path) const {
  constexpr std::string_view kOpen[] = {"/version", "/healthz", "/livez", "/readyz", "/_faults"};
  if (std::find(std::begin(kOpen), std::end(kOpen), path) != std::end(kOpen)) return std::nullopt;
  if (users_ && !authorization.starts_with(kBearer)) return forbidden(kAnonymous, route, verb, path);
  const User* const user = users_ ? find(authorization) : nullptr;
  if (users_ && user == nullptr) return unauthorized();
  // Everybody may ask what they may.
  if (path == kAccessReviews) return std::nullopt;
  const bool allowed =
      user == nullptr || (route == nullptr ? reads_at_least(user->groups) : permits(user->groups, verb));
  if (allowed && (route == nullptr || !denies(verb, route->resource->qualified()))) return std::nullopt;
  return forbidden(user == nullptr ? kAnonymous : std::string_view(user->name), route, verb, path);
}

bool Auth::may(std::string_view authorization, std::string_view verb, std::string_view resource) const {
  const User* const user = users_ ? find(authorization) : nullptr;
  return (user == nullptr || permits(user->groups, verb)) && !denies(verb, resource);
}

}  // namespace ferry::apiserver
