#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "tests/apiserver/json.h"

namespace ferry::apiserver {

/// Labels, or the `selector` of a Service.
using LabelMap = std::map<std::string, std::string>;

/// The value under a path of member names; a null value where any part of the path is missing or no object.
const Json& value_at(const Json& object, std::initializer_list<std::string_view> path);

/// A string's text; "" for any other kind of value.
std::string text_at(const Json& object, std::initializer_list<std::string_view> path);

/// The string members of an object; members of other kinds are left out.
LabelMap labels_at(const Json& object, std::initializer_list<std::string_view> path);

/// The elements of an array; an empty array for any other kind of value.
const Json& array_at(const Json& object, std::initializer_list<std::string_view> path);

/// True when every entry of the selector is among the labels. An empty selector matches nothing: that is a Service
/// whose endpoints somebody else keeps.
bool selects(const LabelMap& selector, const LabelMap& labels);

}  // namespace ferry::apiserver
