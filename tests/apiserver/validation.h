#pragma once

#include <string_view>
#include <vector>

#include "tests/apiserver/resource.h"
#include "tests/apiserver/status.h"

namespace ferry::apiserver {

/// What is wrong with a canonical object with its defaults set; empty when nothing is. Endpoint addresses in
/// 127.0.0.0/8 and ::1 are wrong unless `loopback_allowed`.
std::vector<FieldError> validate(const Resource& resource, const Json& object, bool loopback_allowed);

/// What a replacement may not change.
std::vector<FieldError> validate_change(const Resource& resource, const Json& old, const Json& object);

/// The errors of the two kinds above, shared with what else validates.
FieldError invalid_value(std::string field, const Json& value, std::string_view why);
FieldError required(std::string field, std::string_view why = {});

}  // namespace ferry::apiserver
