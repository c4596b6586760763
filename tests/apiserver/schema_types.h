#pragma once

#include <string_view>

namespace ferry::apiserver {

/// The API types, in the small language that schema_types.cc explains and schema.cc reads.
std::string_view schema_text();

}  // namespace ferry::apiserver
