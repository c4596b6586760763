#include "tests/apiserver/http_message.h"

namespace ferry::apiserver {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

std::string Request::param(std::string_view name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

bool Request::flag(std::string_view name) const {
  const auto found = query.find(name);
  return found != query.end() && found->second != "false" && found->second != "0";
}

bool Request::pretty() const {
  if (query.contains("pretty")) return flag("pretty");
  return user_agent.starts_with("curl") || user_agent.starts_with("Wget") || user_agent.starts_with("Mozilla/5.0");
}

void Request::set_target(std::string_view whole) {
  target = whole;
  const auto mark = whole.find('?');
  path = percent_decoded(whole.substr(0, mark), false);
  query.clear();
  if (mark == std::string_view::npos) return;
  auto rest = whole.substr(mark + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!pair.empty()) query.try_emplace(percent_decoded(pair.substr(0, equals), true), percent_decoded(value, true));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
}

std::string render(const Request& request, const Json& json) {
  const bool pretty = request.pretty();
  auto text = json.dump(pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace);
  if (!pretty) text += '\n';
  return text;
}

Response json_response(const Request& request, int code, const Json& json) {
  Response response;
  response.status = code;
  response.body = render(request, json);
  return response;
}

Response status_response(const Request& request, const Status& status) {
  auto response = json_response(request, status.code, to_json(status));
  if (status.retry_after > 0) response.headers.emplace_back("Retry-After", std::to_string(status.retry_after));
  return response;
}

Response text_response(int code, std::string text) {
  Response response;
  response.status = code;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.body = std::move(text);
  return response;
}

}  // namespace ferry::apiserver
