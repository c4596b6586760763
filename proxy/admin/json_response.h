#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "proxy/admin/routes.h"

/// Answers of docs/api.md.
namespace ferry::proxy {

/// One line of UTF-8; bytes that are none stand as U+FFFD.
std::string json_text(const nlohmann::ordered_json& json);

Response json_response(const nlohmann::ordered_json& json);

/// {"error": sentence}
Response error_response(unsigned status, const std::string& sentence);

}  // namespace ferry::proxy
