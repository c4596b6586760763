#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::cli {

struct KeyPress {
  enum class Kind : std::uint8_t {
    /// A printable ASCII character.
    kCharacter,
    kUp,
    kDown,
    kLeft,
    kRight,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kEnter,
    kEscape,
    kBackspace,
    kInterrupt,
    kSuspend,
    kRedraw
  };

  Kind kind = Kind::kCharacter;
  char character = 0;

  friend bool operator==(const KeyPress&, const KeyPress&) = default;
};

/// Makes keys of the bytes that a terminal in raw mode sends (ECMA-48, xterm's cursor keys). Sequences may come in
/// pieces; those that mean nothing here are swallowed whole.
class KeyDecoder {
 public:
  std::vector<KeyPress> feed(std::string_view bytes);

  /// A sequence has begun that has no end yet. An escape that nothing follows soon is the key Escape: see flush().
  bool waiting() const { return !begun_.empty(); }
  /// Nothing followed in time.
  std::vector<KeyPress> flush();

 private:
  std::string begun_;
};

}  // namespace ferry::cli
