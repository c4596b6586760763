#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::watch::codec {

/// Objects of the API nest about a dozen levels deep.
inline constexpr unsigned kMaxJsonDepth = 64;

/// Reads one JSON text (RFC 8259) front to back, straight into what its caller keeps: nothing is built for what is
/// skipped, yet all of it is checked. The first mistake sticks, with the path of the field it concerns, and ends every
/// read; no call throws. As in Go, null stands for an absent value.
class JsonReader {
 public:
  /// `json` must outlive the reader.
  explicit JsonReader(std::string_view json);

  /// Calls on_member(name) for each member of the object that comes next. It may read the member's value, once; what it
  /// leaves alone is skipped.
  template <class OnMember>
  void members(OnMember&& on_member);
  /// Calls on_element(index) for each element of the list that comes next, likewise.
  template <class OnElement>
  void elements(OnElement&& on_element);

  /// The string that comes next, or nothing for null. Valid until the next call.
  std::optional<std::string_view> text();
  /// The whole number that comes next, or nothing for null. `what` completes "70000 is not …" for one outside the
  /// range.
  std::optional<std::int64_t> integer(std::int64_t lowest, std::int64_t highest, std::string_view what);
  std::optional<bool> boolean();
  /// The digits of the whole number, or the text of the string, that comes next; nothing for null.
  std::optional<std::string_view> text_or_number();
  /// Whether the value that comes next is null; takes nothing.
  bool at_null();
  void skip();

  /// Marks the value just read as wrong; only the first reason counts.
  void fail(std::string reason);
  /// Where in the object the reader is: "spec.ports[0]"; empty at the top, and after a failure.
  std::string path() const;
  /// Fails unless the text ends here.
  void finish();
  bool ok() const { return ok_; }
  /// "spec.ports[0].port: 70000 is not a port"; empty while ok().
  const std::string& problem() const { return problem_; }

 private:
  /// One step from an object or a list to what stands in it.
  struct Step {
    enum class Kind : std::uint8_t { kNone, kMember, kElement };
    Kind kind = Kind::kNone;
    std::string_view name;
    std::size_t index = 0;
  };

  bool open(char bracket, std::string_view expected);
  bool next_in(char closing, bool first);
  bool next_name(bool first, std::string& unescaped);

  void blanks();
  bool take(char byte);
  bool literal(std::string_view word);
  bool null();
  /// After its opening quote: the string's text between the quotes, as written.
  std::string_view quoted(bool& escaped);
  bool escape();
  std::optional<std::uint32_t> hex_digits();
  std::string_view number();
  void digits();
  void fail_expected(std::string_view expected);

  const char* at_;
  const char* end_;
  unsigned depth_ = 0;
  std::array<Step, kMaxJsonDepth> steps_;
  bool ok_ = true;
  std::string problem_;
  std::string unescaped_;
};

template <class OnMember>
void JsonReader::members(OnMember&& on_member) {
  if (!open('{', "an object")) return;
  const unsigned level = depth_ - 1;
  std::string unescaped;
  for (bool first = true; next_name(first, unescaped); first = false) {
    const char* const value = at_;
    on_member(steps_[level].name);
    if (ok_ && at_ == value) skip();
  }
}

template <class OnElement>
void JsonReader::elements(OnElement&& on_element) {
  if (!open('[', "a list")) return;
  const unsigned level = depth_ - 1;
  for (std::size_t index = 0; next_in(']', index == 0); ++index) {
    steps_[level] = Step{Step::Kind::kElement, {}, index};
    const char* const value = at_;
    on_element(index);
    if (ok_ && at_ == value) skip();
  }
}

}  // namespace ferry::watch::codec
