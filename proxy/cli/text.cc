#include "proxy/cli/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <spdlog/fmt/fmt.h>

namespace ferry::cli {

namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
};

struct Range {
  char32_t first;
  char32_t last;
};

/// Soft hyphen, Arabic letter mark, zero width, bidirectional, separators of lines, byte order mark, interlinear
/// annotation, tags and variation selectors (Unicode's Default_Ignorable_Code_Point and Bidi_Control).
constexpr std::array<Range, 13> kHidden{{{0x80, 0x9f},
                                         {0xad, 0xad},
                                         {0x34f, 0x34f},
                                         {0x61c, 0x61c},
                                         {0x115f, 0x1160},
                                         {0x17b4, 0x17b5},
                                         {0x180b, 0x180f},
                                         {0x200b, 0x200f},
                                         {0x2028, 0x202e},
                                         {0x2060, 0x206f},
                                         {0xfe00, 0xfe0f},
                                         {0xfeff, 0xfeff},
                                         {0xfff0, 0xfffb}}};
constexpr Range kHiddenPlane{0xe0000, 0xe0fff};

constexpr std::array<Range, 8> kWide{{{0x1100, 0x115f},
                                      {0x2e80, 0xa4cf},
                                      {0xac00, 0xd7a3},
                                      {0xf900, 0xfaff},
                                      {0xfe30, 0xfe6f},
                                      {0xff00, 0xffe6},
                                      {0x1f000, 0x1faff},
                                      {0x20000, 0x3fffd}}};

bool within(char32_t value, Range range) { return value >= range.first && value <= range.last; }

template <std::size_t N>
bool within(char32_t value, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [value](Range range) { return within(value, range); });
}

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

/// The code point at the front (RFC 3629: shortest form, no surrogates); nullopt when the bytes are none.
std::optional<CodePoint> first_code_point(std::string_view text) {
  const std::uint8_t lead = byte_at(text, 0);
  if (lead < 0x80) return CodePoint{lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return std::nullopt;
  char32_t value = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, i) & 0xc0U) != 0x80) return std::nullopt;
    value = (value << 6U) | (byte_at(text, i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10ffff || within(value, Range{0xd800, 0xdfff})) return std::nullopt;
  return CodePoint{value, length};
}

std::size_t width_of(char32_t value) { return within(value, kWide) ? 2 : 1; }

void append_shown(std::string& shown, std::string_view bytes, char32_t value) {
  if (value == '\n') {
    shown += "\\n";
  } else if (value == '\t') {
    shown += "\\t";
  } else if (value < 0x20 || value == 0x7f) {
    shown += fmt::format("\\x{:02x}", static_cast<unsigned>(value));
  } else if (within(value, kHidden) || within(value, kHiddenPlane)) {
    shown += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(value));
  } else {
    shown += bytes;
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto point = first_code_point(text);
    if (point) {
      append_shown(shown, text.substr(0, point->bytes), point->value);
    } else {
      shown += fmt::format("\\x{:02x}", byte_at(text, 0));
    }
    text.remove_prefix(point ? point->bytes : 1);
  }
  return shown;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text).value_or(CodePoint{U'?', 1});
    columns += width_of(point.value);
    text.remove_prefix(point.bytes);
  }
  return columns;
}

std::string clipped(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t taken = 0;
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const CodePoint point = first_code_point(text.substr(bytes)).value_or(CodePoint{U'?', 1});
    if (taken + width_of(point.value) + 1 > columns) break;
    taken += width_of(point.value);
    bytes += point.bytes;
  }
  return std::string(text.substr(0, bytes)) + "\u2026";
}

std::string left_aligned(std::string_view text, std::size_t columns) {
  std::string result = clipped(text, columns);
  result.append(columns - columns_of(result), ' ');
  return result;
}

std::string right_aligned(std::string_view text, std::size_t columns) {
  const std::string shown = clipped(text, columns);
  return std::string(columns - columns_of(shown), ' ') + shown;
}

}  // namespace ferry::cli
