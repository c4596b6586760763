#include "watch/source/yaml_to_json.h"

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <yaml-cpp/yaml.h>

namespace ferry::watch {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 1'000'000;

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

class Converter {
 public:
  json convert(const YAML::Node& node, int depth) {
    if (depth > kMaxDepth) throw std::length_error("it nests deeper than 64 levels");
    if (++nodes_ > kMaxNodes) throw std::length_error("it has more than a million nodes, its aliases followed");
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        // yaml-cpp marks what was quoted with the tag "!".
        return node.Tag() == "!" ? json(node.Scalar()) : plain_scalar(node.Scalar());
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

 private:
  json sequence(const YAML::Node& node, int depth) {
    json array = json::array();
    for (const YAML::Node& item : node) array.push_back(convert(item, depth + 1));
    return array;
  }

  json map(const YAML::Node& node, int depth) {
    json object = json::object();
    for (const auto& member : node) {
      if (!member.first.IsScalar()) throw std::length_error("a key of a map is not text");
      object[member.first.Scalar()] = convert(member.second, depth + 1);
    }
    return object;
  }

  std::size_t nodes_ = 0;
};

}  // namespace

json yaml_to_json(const YAML::Node& node) { return Converter().convert(node, 0); }

}  // namespace ferry::watch
