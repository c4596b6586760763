#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace ferry::apiserver {

/// JSON that keeps the order of its fields: answers list theirs in the order a real server does.
using Json = nlohmann::ordered_json;

/// The object's field; a null value where it has none.
inline const Json& field_of(const Json& object, const char* field) {
  static const Json kNone;
  const auto found = object.find(field);
  return found == object.end() ? kNone : *found;
}

/// The field's text; `otherwise` where it is no string.
inline std::string text_of(const Json& object, const char* field, std::string_view otherwise = {}) {
  const Json& value = field_of(object, field);
  return value.is_string() ? value.get<std::string>() : std::string(otherwise);
}

}  // namespace ferry::apiserver
