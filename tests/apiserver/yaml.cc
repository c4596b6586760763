#include "tests/apiserver/yaml.h"

#include <charconv>
#include <cstdlib>

#include <spdlog/fmt/fmt.h>
#include <yaml-cpp/yaml.h>

namespace ferry::apiserver {
namespace {

/// A plain (unquoted) scalar by YAML's core schema.
Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  std::int64_t integer = 0;
  const auto* end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, integer); read.ec == std::errc() && read.ptr == end) {
    return integer;
  }
  char* after = nullptr;
  const double number = std::strtod(text.c_str(), &after);
  const bool digits = text.find_first_of("0123456789") != std::string::npos &&
                      text.find_first_not_of("+-.0123456789eE") == std::string::npos;
  if (digits && after == text.c_str() + text.size()) return number;
  return text;
}

Json to_json(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      // The tag "!" marks a quoted scalar: always a text.
      if (node.Tag() == "!") return node.Scalar();
      return plain_scalar(node.Scalar());
    case YAML::NodeType::Sequence: {
      Json list = Json::array();
      for (const auto& item : node) list.push_back(to_json(item));
      return list;
    }
    case YAML::NodeType::Map: {
      Json map = Json::object();
      for (const auto& item : node) map[item.first.Scalar()] = to_json(item.second);
      return map;
    }
    default:
      return nullptr;
  }
}

}  // namespace

Result<std::vector<Json>> parse_yaml(const std::string& text) {
  std::vector<Json> documents;
  // JSON is YAML, but ten times as quick to read as what it is.
  if (auto whole = Json::parse(text, nullptr, false); !whole.is_discarded()) {
    documents.push_back(std::move(whole));
    return documents;
  }
  try {
    for (const auto& node : YAML::LoadAll(text)) {
      auto document = to_json(node);
      if (!document.is_null()) documents.push_back(std::move(document));
    }
  } catch (const YAML::Exception& error) {
    return bad_request(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
  return documents;
}

}  // namespace ferry::apiserver
