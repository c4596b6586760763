#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::watch::codec {

/// One piece of a stream that may be cut anywhere: a view of the bytes fed where the piece lies in them whole, a copy
/// otherwise. A piece beyond its limit is counted on without being held.
class HeldText {
 public:
  /// A piece starts at `at`, inside the bytes now fed.
  void begin(const char* at, std::size_t limit);
  /// The piece ends before `at`.
  void end(const char* at);
  /// The bytes now fed end at `end` and go away: what is wanted of them is copied.
  void cut(const char* end);
  /// The next bytes fed start at `begin`.
  void resume(const char* begin) { from_ = begin; }
  /// Forgets the piece, and its memory where that is large.
  void clear();

  /// The text of a piece that ended, empty when it was oversized; valid until cut() or clear().
  std::string_view text() const { return view_; }
  bool oversized() const { return size_ > limit_; }
  /// How large the piece is, held or not.
  std::size_t size() const { return size_; }

 private:
  enum class State : std::uint8_t { kNone, kOpen, kEnded };

  void copy_to(const char* end);

  State state_ = State::kNone;
  /// Where the open piece, or the rest of it, starts in the bytes now fed.
  const char* from_ = nullptr;
  std::string_view view_;
  std::string copy_;
  std::size_t size_ = 0;
  std::size_t limit_ = 0;
};

}  // namespace ferry::watch::codec
