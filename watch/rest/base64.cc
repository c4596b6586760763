#include "watch/rest/base64.h"

#include <cctype>

#include <openssl/evp.h>

namespace ferry::watch {

std::string base64_encode(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) packed += c;
  }
  // EVP_DecodeBlock stops at neither a misplaced '=' nor a '-', which OpenSSL takes for an end mark.
  const auto padding = packed.find('=');
  if (packed.size() % 4 != 0 || packed.find('-') != std::string::npos ||
      (padding != std::string::npos && (padding + 2 < packed.size() || packed.back() != '='))) {
    return std::nullopt;
  }
  std::string bytes(packed.size() / 4 * 3 + 1, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(packed.data()), static_cast<int>(packed.size()));
  if (length < 0) return std::nullopt;
  const std::size_t pad = padding == std::string::npos ? 0 : packed.size() - padding;
  bytes.resize(static_cast<std::size_t>(length) - pad);
  return bytes;
}

}  // namespace ferry::watch
