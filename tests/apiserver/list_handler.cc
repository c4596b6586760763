#include <algorithm>
#include <charconv>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/context.h"
#include "tests/apiserver/continue_token.h"

namespace ferry::apiserver {
namespace {

constexpr const char* kContinueExpired =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list.";

Status too_large(Version wanted, Version current) {
  Status status;
  status.code = 504;
  status.reason = "Timeout";
  status.message = fmt::format("Timeout: Too large resource version: {}, current: {}", wanted, current);
  status.details = {
      {"causes", Json::array({{{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}}})},
      {"retryAfterSeconds", 1}};
  status.retry_after = 1;
  return status;
}

Status forbidden_option(std::string_view why) {
  return invalid("ListOptions", "",
                 {{"resourceVersionMatch", "FieldValueForbidden", fmt::format("Forbidden: {}", why)}}, "meta.k8s.io");
}

/// What a list asks for beside its selection.
struct ListOptions {
  std::size_t limit = 0;
  std::string continue_token;
  std::string version;
  std::string match;
};

Result<ListOptions> parse_list_options(const Request& request) {
  ListOptions options;
  options.continue_token = request.param("continue");
  options.version = request.param("resourceVersion");
  options.match = request.param("resourceVersionMatch");
  const auto limit = request.param("limit");
  if (!limit.empty()) {
    const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), options.limit);
    if (error != std::errc() || end != limit.data() + limit.size()) {
      return bad_request(fmt::format("strconv.ParseInt: parsing \"{}\": invalid syntax", limit));
    }
  }
  if (!options.match.empty()) {
    if (options.match != "Exact" && options.match != "NotOlderThan") {
      return invalid("ListOptions", "",
                     {{"resourceVersionMatch", "FieldValueNotSupported",
                       fmt::format("Unsupported value: \"{}\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
                                   options.match)}},
                     "meta.k8s.io");
    }
    if (options.version.empty())
      return forbidden_option("resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (options.match == "Exact" && options.version == "0") {
      return forbidden_option("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
  }
  if (!options.continue_token.empty() && !options.version.empty() && options.version != "0") {
    return bad_request("specifying resource version is not allowed when using continue");
  }
  return options;
}

/// The state that a first page shows.
Result<Snapshot> first_state(const Context& context, const std::string& resource, const std::string& ns,
                             ListOptions& options) {
  auto& storage = context.storage;
  const auto version = parse_version(options.version);
  if (!version) {
    auto status = version.error();
    if (context.options.release == Release::k1_20) return status;
    return bad_request("invalid resource version: " + status.message);
  }
  if (options.version == "0") {
    // What a cache answers, it answers whole.
    options.limit = 0;
    return storage.list(resource, ns);
  }
  if (*version > storage.version()) return too_large(*version, storage.version());
  const bool exact = options.match == "Exact" || (options.match.empty() && *version > 0 && options.limit > 0);
  return exact ? storage.list_at(resource, ns, *version) : storage.list(resource, ns);
}

Result<Snapshot> next_state(const Context& context, const std::string& resource, const std::string& ns,
                            const ContinueToken& token) {
  if (token.version < 0) return context.storage.list(resource, ns);
  auto snapshot = context.storage.list_at(resource, ns, static_cast<Version>(token.version));
  if (snapshot) return snapshot;
  auto status = expired(kContinueExpired);
  status.continue_token = ContinueToken{-1, token.after}.encoded();
  return status;
}

}  // namespace

Result<Version> parse_version(std::string_view text) {
  Version version = 0;
  if (text.empty()) return version;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc() && end == text.data() + text.size()) return version;
  Status status;
  status.message = fmt::format("resourceVersion: Invalid value: \"{0}\": strconv.ParseUint: parsing \"{0}\": {1}", text,
                               error == std::errc::result_out_of_range ? "value out of range" : "invalid syntax");
  return status;
}

Result<Selection> parse_selection(const Context& context, const Route& route, const Request& request) {
  auto labels = LabelSelector::parse(request.param("labelSelector"));
  if (!labels) return labels.error();
  auto fields =
      FieldSelector::parse(*route.resource, request.param("fieldSelector"), context.options.release == Release::k1_20);
  if (!fields) return fields.error();
  return Selection{route.ns, std::move(*labels), std::move(*fields)};
}

bool Selection::matches(const Object& object) const {
  if (!ns.empty() && object.ns() != ns) return false;
  return labels.matches(object.value) && fields.matches(object.value);
}

Response handle_list(Context& context, const Route& route, const Request& request) {
  auto representation = choose_representation(request, *route.resource, route.version, context.options.release);
  if (!representation) return status_response(request, representation.error());
  const auto selection = parse_selection(context, route, request);
  if (!selection) return status_response(request, selection.error());
  auto options = parse_list_options(request);
  if (!options) return status_response(request, options.error());

  ContinueToken token;
  if (!options->continue_token.empty()) {
    auto decoded = ContinueToken::decode(options->continue_token);
    if (!decoded) return status_response(request, decoded.error());
    token = *decoded;
  }
  const auto& resource = route.resource->plural;
  auto state = options->continue_token.empty() ? first_state(context, resource, route.ns, *options)
                                               : next_state(context, resource, route.ns, token);
  if (!state) return status_response(request, state.error());

  auto& items = state->items;
  items.erase(items.begin(),
              std::upper_bound(items.begin(), items.end(), token.after,
                               [](const std::string& after, const ObjectPtr& object) { return after < object->key; }));
  if (!selection->everything()) std::erase_if(items, [&](const ObjectPtr& item) { return !selection->matches(*item); });
  ListHead head;
  head.version = state->version;
  if (options->limit > 0 && items.size() > options->limit) {
    if (selection->everything()) head.remaining = static_cast<std::int64_t>(items.size() - options->limit);
    items.resize(options->limit);
    // A list that has gone on after its version expired is consistent again with where it is now.
    head.continue_token = ContinueToken{static_cast<std::int64_t>(state->version), items.back()->key}.encoded();
  }
  Response response;
  response.body = (*representation)->list(head, items);
  return response;
}

Response handle_get(Context& context, const Route& route, const Request& request) {
  auto representation = choose_representation(request, *route.resource, route.version, context.options.release);
  if (!representation) return status_response(request, representation.error());
  const auto version = parse_version(request.param("resourceVersion"));
  if (!version) return status_response(request, version.error());
  if (*version > context.storage.version()) {
    return status_response(request, too_large(*version, context.storage.version()));
  }
  const auto object = context.storage.find(route.resource->plural, route.ns, route.name);
  if (!object) return status_response(request, not_found(route.resource->plural, route.name, route.resource->group));
  Response response;
  response.body = (*representation)->object(*object);
  return response;
}

}  // namespace ferry::apiserver
