#pragma once

#include <nlohmann/json.hpp>

namespace ferry::cli {

/// Keeps the order in which the daemon wrote its fields.
using Json = nlohmann::ordered_json;

}  // namespace ferry::cli
