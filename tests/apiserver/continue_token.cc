#include "tests/apiserver/continue_token.h"

#include <cctype>

#include <spdlog/fmt/fmt.h>

namespace ferry::apiserver {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr const char* kFormat = "meta.k8s.io/v1";

/// Base64 for URLs, without padding.
std::string to_base64(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (have += 8; have >= 6; have -= 6) out += kAlphabet[bits >> (have - 6) & 63];
  }
  if (have > 0) out += kAlphabet[bits << (6 - have) & 63];
  return out;
}

std::string from_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) break;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>(bits >> have & 0xff);
    }
  }
  return out;
}

/// A byte as Go quotes it in its errors.
std::string quoted(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isprint(byte) != 0 ? fmt::format("'{}'", c) : fmt::format("'\\x{:02x}'", byte);
}

}  // namespace

std::string ContinueToken::encoded() const {
  const Json json = {{"v", kFormat}, {"rv", version}, {"start", after + std::string(1, '\0')}};
  return to_base64(json.dump());
}

Result<ContinueToken> ContinueToken::decode(std::string_view text) {
  const auto bytes = from_base64(text);
  const auto json = Json::parse(bytes, nullptr, false);
  if (json.is_discarded()) {
    return bad_request(fmt::format(
        "invalid continue token: continue key is not valid: {}",
        bytes.empty() ? "unexpected end of JSON input"
                      : fmt::format("invalid character {} looking for beginning of value", quoted(bytes.front()))));
  }
  ContinueToken token;
  const bool whole = json.is_object() && json.value("v", Json()) == kFormat && json.contains("rv") &&
                     json["rv"].is_number_integer() && json.contains("start") && json["start"].is_string();
  if (!whole)
    return bad_request(
        "invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version "
        "meta.k8s.io/v1)");
  token.version = json["rv"].get<std::int64_t>();
  token.after = json["start"].get<std::string>();
  if (!token.after.empty() && token.after.back() == '\0') token.after.pop_back();
  return token;
}

}  // namespace ferry::apiserver
