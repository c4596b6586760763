#include "watch/codec/json_text.h"

#include <cstdint>
#include <cstring>

namespace ferry::watch::codec {
namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

// The length of the UTF-8 sequence that `bytes` starts with; 0: none does.
std::size_t sequence_length(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes.front());
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(bytes[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(bytes[1]);
  const bool wrong = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                     (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return wrong ? 0 : length;
}

std::uint32_t hex_value(std::string_view four) {
  std::uint32_t value = 0;
  for (const char digit : four) {
    const auto byte = static_cast<unsigned char>(digit);
    value = value << 4 | (byte <= '9' ? byte - '0' : (byte | 0x20U) - 'a' + 10U);
  }
  return value;
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto append = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    append(code);
    return;
  }
  if (code < 0x800) {
    append(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      append(0xE0 | code >> 12);
    } else {
      append(0xF0 | code >> 18);
      append(0x80 | (code >> 12 & 0x3F));
    }
    append(0x80 | (code >> 6 & 0x3F));
  }
  append(0x80 | (code & 0x3F));
}

char simple_escape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t at = 0;
  while (at < bytes.size()) {
    while (at + sizeof kHighBits <= bytes.size()) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, bytes.data() + at, sizeof eight);
      if ((eight & kHighBits) != 0) break;
      at += sizeof eight;
    }
    if (at == bytes.size()) break;
    const std::size_t length = sequence_length(bytes.substr(at));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

void unescape(std::string_view written, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < written.size(); ++at) {
    if (written[at] != '\\') {
      out += written[at];
      continue;
    }
    if (written[++at] != 'u') {
      out += simple_escape(written[at]);
      continue;
    }
    std::uint32_t code = hex_value(written.substr(at + 1, 4));
    at += 4;
    if (code >= 0xD800 && code < 0xDC00) {
      code = 0x10000 + ((code - 0xD800) << 10) + (hex_value(written.substr(at + 3, 4)) - 0xDC00);
      at += 6;
    }
    append_utf8(code, out);
  }
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  bool blank = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text.substr(at));
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 1 && (byte <= ' ' || byte == 0x7F)) {
      blank = !out.empty();
      ++at;
      continue;
    }
    const std::string_view piece = length == 0 ? std::string_view("?") : text.substr(at, length);
    if (out.size() + (blank ? 1 : 0) + piece.size() > limit) break;
    if (blank) out += ' ';
    blank = false;
    out += piece;
    at += length == 0 ? 1 : length;
  }
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  return out;
}

}  // namespace ferry::watch::codec
