#pragma once

#include <string_view>

namespace ferry::apiserver {

/// What is wrong with a name, in the words of the API; empty when nothing is.
/// RFC 1123 label: at most 63 of [a-z0-9-], not beginning or ending with '-'.
std::string_view dns1123_label_error(std::string_view name);
/// RFC 1123 subdomain: labels joined by dots, at most 253 characters.
std::string_view dns1123_subdomain_error(std::string_view name);
/// RFC 1035 label: the same as RFC 1123's, beginning with a letter.
std::string_view dns1035_label_error(std::string_view name);
/// A label's value: empty, or at most 63 of [A-Za-z0-9._-], beginning and ending with a letter or digit.
std::string_view label_value_error(std::string_view value);

}  // namespace ferry::apiserver
