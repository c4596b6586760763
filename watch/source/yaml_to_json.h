#pragma once

#include <nlohmann/json.hpp>
#include <yaml-cpp/node/node.h>

namespace ferry::watch {

/// The JSON that `kubectl` would make of a YAML node: quoted scalars are text, plain ones null, true, false, numbers or
/// text (the core schema of YAML 1.2). Throws std::length_error with one clause for a document that nests deeper than
/// 64 levels or, its aliases followed, has more than a million nodes.
nlohmann::json yaml_to_json(const YAML::Node& node);

}  // namespace ferry::watch
