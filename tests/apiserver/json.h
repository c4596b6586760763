#pragma once

#include <nlohmann/json.hpp>

namespace ferry::apiserver {

/// JSON that keeps the order of its fields: answers list theirs in the order a real server does.
using Json = nlohmann::ordered_json;

}  // namespace ferry::apiserver
