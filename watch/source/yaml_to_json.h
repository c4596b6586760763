#pragma once

#include <cstddef>

#include <nlohmann/json.hpp>
#include <yaml-cpp/node/node.h>

namespace ferry::watch {

/// Makes of the YAML nodes of one file the JSON that `kubectl` would: quoted scalars are text, plain ones null, true,
/// false, numbers or text (the core schema of YAML 1.2), and `<<` merges.
class YamlToJson {
 public:
  /// Throws std::length_error with one clause for an object that nests deeper than 64 levels or, its aliases followed,
  /// is larger than objects may be, for a key that is no text or occurs twice, and when the file is too much in all.
  nlohmann::json convert(const YAML::Node& node);

 private:
  nlohmann::json value(const YAML::Node& node, int depth);
  nlohmann::json sequence(const YAML::Node& node, int depth);
  nlohmann::json map(const YAML::Node& node, int depth);
  void count(const YAML::Node& node, int depth);

  /// Of the object that is being converted.
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
  /// Of all of them.
  std::size_t all_nodes_ = 0;
};

}  // namespace ferry::watch
