#include "watch/source/yaml_to_json.h"

#include <charconv>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "watch/codec/stream_scanner.h"

namespace ferry::watch {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 1'000'000;
constexpr std::size_t kMaxNodesOfFile = 20'000'000;

template <class Number>
bool read_whole(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (std::int64_t whole = 0; read_whole(text, whole)) return whole;
  // from_chars also reads "inf" and "nan", which JSON has no numbers for.
  const bool numeric = text.find_first_not_of("+-.0123456789eE") == std::string::npos;
  if (double real = 0; numeric && read_whole(text, real)) return real;
  return text;
}

/// yaml-cpp marks what was quoted with the tag "!".
bool is_text(const YAML::Node& node) { return node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str"; }

bool is_merge(const YAML::Node& key) { return !is_text(key) && key.Scalar() == "<<"; }

/// What the map itself says goes before what is merged into it, and what came earlier before what comes later.
void merge(json& object, json merged) {
  if (merged.is_array()) {
    for (json& one : merged) merge(object, std::move(one));
    return;
  }
  if (!merged.is_object()) throw std::length_error("<< merges maps, and this is none");
  for (auto& member : merged.items()) object.emplace(member.key(), std::move(member.value()));
}

}  // namespace

json YamlToJson::convert(const YAML::Node& node) {
  nodes_ = 0;
  bytes_ = 0;
  return value(node, 0);
}

void YamlToJson::count(const YAML::Node& node, int depth) {
  if (depth > kMaxDepth) throw std::length_error("it nests deeper than 64 levels");
  if (node.IsScalar()) bytes_ += node.Scalar().size();
  if (++nodes_ > kMaxNodes || bytes_ > kMaxObjectBytes) {
    throw std::length_error("the object is too large, its aliases followed");
  }
  if (++all_nodes_ > kMaxNodesOfFile) throw std::length_error("the file is too large, its aliases followed");
}

json YamlToJson::value(const YAML::Node& node, int depth) {
  count(node, depth);
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return is_text(node) ? json(node.Scalar()) : plain_scalar(node.Scalar());
    case YAML::NodeType::Sequence:
      return sequence(node, depth);
    case YAML::NodeType::Map:
      return map(node, depth);
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
  }
  return nullptr;
}

json YamlToJson::sequence(const YAML::Node& node, int depth) {
  json array = json::array();
  for (const YAML::Node& item : node) array.push_back(value(item, depth + 1));
  return array;
}

json YamlToJson::map(const YAML::Node& node, int depth) {
  json object = json::object();
  std::set<std::string> own;
  for (const auto& member : node) {
    if (!member.first.IsScalar()) throw std::length_error("a key of a map is not text");
    count(member.first, depth);
    const std::string& key = member.first.Scalar();
    if (is_merge(member.first)) {
      merge(object, value(member.second, depth + 1));
      continue;
    }
    if (!own.insert(key).second) throw std::length_error("the key '" + key + "' occurs twice in one map");
    object[key] = value(member.second, depth + 1);
  }
  return object;
}

}  // namespace ferry::watch
