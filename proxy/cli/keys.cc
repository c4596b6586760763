#include "proxy/cli/keys.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace ferry::cli {

namespace {

using Kind = KeyPress::Kind;

constexpr char kEscapeByte = '\x1b';
/// No sequence that a terminal sends for a key is longer.
constexpr std::size_t kLongestSequence = 32;

constexpr std::array<std::pair<char, Kind>, 8> kControls{{{'\r', Kind::kEnter},
                                                          {'\n', Kind::kEnter},
                                                          {'\x7f', Kind::kBackspace},
                                                          {'\b', Kind::kBackspace},
                                                          {'\x03', Kind::kInterrupt},
                                                          {'\x04', Kind::kInterrupt},
                                                          {'\x1a', Kind::kSuspend},
                                                          {'\x0c', Kind::kRedraw}}};

/// After ESC [ or ESC O.
constexpr std::array<std::pair<std::string_view, Kind>, 12> kSequences{{{"A", Kind::kUp},
                                                                        {"B", Kind::kDown},
                                                                        {"C", Kind::kRight},
                                                                        {"D", Kind::kLeft},
                                                                        {"H", Kind::kHome},
                                                                        {"F", Kind::kEnd},
                                                                        {"1~", Kind::kHome},
                                                                        {"4~", Kind::kEnd},
                                                                        {"5~", Kind::kPageUp},
                                                                        {"6~", Kind::kPageDown},
                                                                        {"7~", Kind::kHome},
                                                                        {"8~", Kind::kEnd}}};

std::optional<KeyPress> plain_key(char c) {
  for (const auto& [control, kind] : kControls) {
    if (c == control) return KeyPress{kind, 0};
  }
  if (c >= ' ' && c <= '~') return KeyPress{Kind::kCharacter, c};
  return std::nullopt;
}

std::optional<KeyPress> sequence_key(std::string_view parameters_and_final) {
  for (const auto& [text, kind] : kSequences) {
    if (parameters_and_final == text) return KeyPress{kind, 0};
  }
  return std::nullopt;
}

bool introduces(char c) { return c == '[' || c == 'O'; }
bool is_final(char c) { return c >= '@' && c <= '~'; }

}  // namespace

std::vector<KeyPress> KeyDecoder::feed(std::string_view bytes) {
  std::vector<KeyPress> keys;
  const auto add = [&keys](std::optional<KeyPress> key) {
    if (key) keys.push_back(*key);
  };
  for (const char c : bytes) {
    if (begun_.empty() && c != kEscapeByte) {
      add(plain_key(c));
    } else if (begun_.size() == 1 && !introduces(c)) {
      // Escape, and then another key: a sequence begins in no other way.
      add(KeyPress{Kind::kEscape, 0});
      begun_.clear();
      if (c == kEscapeByte) begun_ = c;
      if (c != kEscapeByte) add(plain_key(c));
    } else {
      begun_ += c;
      const bool ended = begun_.size() > 2 && is_final(c);
      if (ended) add(sequence_key(std::string_view(begun_).substr(2)));
      if (ended || begun_.size() > kLongestSequence) begun_.clear();
    }
  }
  return keys;
}

std::vector<KeyPress> KeyDecoder::flush() {
  const bool escape = begun_.size() == 1;
  begun_.clear();
  return escape ? std::vector{KeyPress{Kind::kEscape, 0}} : std::vector<KeyPress>{};
}

}  // namespace ferry::cli
