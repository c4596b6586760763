#pragma once

#include <optional>
#include <string>

#include "tests/apiserver/context.h"

namespace ferry::apiserver {

/// The OpenAPI documents, from which kubectl learns what it may send: version 2 in JSON and in protobuf, version 3 in
/// JSON. nullopt for any other path.
std::optional<Response> handle_openapi(const Context& context, const Request& request);

/// Version 2 in the protobuf encoding of gnostic's openapi_v2 (Document), which old kubectls ask for.
std::string openapi_v2_protobuf(const Options& options);

/// The group, version and kind an API type stands for, for each version it is served at; empty for a part of a type.
Json kinds_of(const Schema& schema, const Options& options);

}  // namespace ferry::apiserver
