#pragma once

#include <string>

#include "tests/apiserver/auth.h"
#include "tests/apiserver/context.h"

namespace ferry::apiserver {

/// A request's meaning, found before anything is done about it.
struct Call {
  std::optional<Route> route;
  /// Of the resource; "watch" or "get" for the paths of 2014; empty for any other path.
  std::string verb;
};

Call understand(const Context& context, const Request& request);

/// Does what the request asks and answers it. Never throws.
Response answer(Context& context, const Auth& auth, const Call& call, const Request& request);

}  // namespace ferry::apiserver
