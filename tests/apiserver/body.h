#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/apiserver/context.h"

namespace ferry::apiserver {

/// A JSON text that is nested no deeper than what handles it can recurse; nullopt for any other.
std::optional<Json> parse_json(const std::string& text);

/// The JSON or YAML text of a request as JSON. No such content type is a 415, what cannot be read a 400.
Result<Json> decode_body(const Request& request, std::string_view kind);

/// An object as it may be stored: of the route's kind, in its namespace, of the stored version, canonical. Unknown
/// fields are a 400 when the request wants strict validation, a warning otherwise.
Result<Json> canonical_object(const Context& context, const Route& route, const Request& request, Json object,
                              std::vector<std::string>& warnings);

/// The Warning headers of an answer, in the form that client libraries print.
void add_warnings(Response& response, const std::vector<std::string>& warnings);

}  // namespace ferry::apiserver
