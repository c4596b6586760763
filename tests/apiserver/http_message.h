#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/apiserver/status.h"

namespace ferry::apiserver {

class Watch;

/// One HTTP request, read whole.
struct Request {
  std::string method;
  /// Path and query, as they came.
  std::string target;
  std::string path;
  std::map<std::string, std::string, std::less<>> query;
  std::string accept;
  std::string accept_encoding;
  std::string authorization;
  std::string content_type;
  std::string user_agent;
  std::string body;

  /// The value of a query parameter; empty when it is missing.
  [[nodiscard]] std::string param(std::string_view name) const;
  /// Whether a query parameter is present and neither "false" nor "0".
  [[nodiscard]] bool flag(std::string_view name) const;
  /// Whether the answer is to be indented: `pretty` says so, or a browser, curl or wget asks.
  [[nodiscard]] bool pretty() const;

  /// Splits a target into path and query parameters, percent decoded. A parameter given twice keeps its first value.
  void set_target(std::string_view whole);
};

/// One HTTP answer: a body, or a watch that goes on.
struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type = "application/json";
  std::string body;
  std::shared_ptr<Watch> watch;
};

/// `json` as text: compact with a newline, or indented by two as the request wants it.
std::string render(const Request& request, const Json& json);
Response json_response(const Request& request, int code, const Json& json);
Response status_response(const Request& request, const Status& status);
Response text_response(int code, std::string text);

}  // namespace ferry::apiserver
