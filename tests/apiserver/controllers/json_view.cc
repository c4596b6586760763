#include "tests/apiserver/controllers/json_view.h"

#include <algorithm>

namespace ferry::apiserver {

const Json& value_at(const Json& object, std::initializer_list<std::string_view> path) {
  static const Json kNull;
  const Json* value = &object;
  for (const std::string_view name : path) {
    if (!value->is_object()) return kNull;
    const auto member = value->find(name);
    if (member == value->end()) return kNull;
    value = &*member;
  }
  return *value;
}

std::string text_at(const Json& object, std::initializer_list<std::string_view> path) {
  const Json& value = value_at(object, path);
  return value.is_string() ? value.get<std::string>() : std::string();
}

LabelMap labels_at(const Json& object, std::initializer_list<std::string_view> path) {
  LabelMap labels;
  const Json& value = value_at(object, path);
  if (!value.is_object()) return labels;
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (member->is_string()) labels.emplace(member.key(), member->get<std::string>());
  }
  return labels;
}

const Json& array_at(const Json& object, std::initializer_list<std::string_view> path) {
  static const Json kEmpty = Json::array();
  const Json& value = value_at(object, path);
  return value.is_array() ? value : kEmpty;
}

bool selects(const LabelMap& selector, const LabelMap& labels) {
  return !selector.empty() && std::all_of(selector.begin(), selector.end(), [&labels](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

}  // namespace ferry::apiserver
