#pragma once

#include <string>
#include <vector>

#include "tests/apiserver/status.h"

namespace ferry::apiserver {

/// The documents of a YAML (or JSON) text as JSON; empty ones are left out. What is wrong with the text is a 400 that
/// names the line.
Result<std::vector<Json>> parse_yaml(const std::string& text);

}  // namespace ferry::apiserver
