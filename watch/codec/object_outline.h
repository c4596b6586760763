#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "watch/codec/value_skim.h"

namespace ferry::watch::codec {

/// The outermost level of one JSON object whose bytes come in pieces: where each member's value begins and ends, and
/// where the elements of a member's list do.
class ObjectOutline {
 public:
  enum class Step : std::uint8_t {
    /// All bytes were taken.
    kMore,
    /// A member's value starts here; key() is its name.
    kValueBegin,
    /// The value ended before here.
    kValueEnd,
    /// As the two above, for an element of the list entered.
    kElementBegin,
    kElementEnd,
    /// The object's closing brace stands before here.
    kObjectEnd,
    /// Not JSON: problem() says why. The byte it is about comes next.
    kBad,
  };

  /// Starts over with another object.
  void restart();
  /// Goes on from `at`, and leaves `at` where the step says.
  Step next(const char*& at, const char* end);
  /// After kValueBegin of a value that starts with '[': tells of its elements, then of the value's end.
  void enter_list() { state_ = State::kListOpen; }

  /// The name of the member whose value is next, as written; empty when it is longer than any that has a meaning.
  std::string_view key() const { return key_; }
  /// Nothing but white space was taken yet.
  bool fresh() const { return state_ == State::kStart; }
  bool ended() const { return state_ == State::kEnd; }
  std::string_view problem() const { return problem_; }

 private:
  enum class State : std::uint8_t {
    kStart,
    kFirstKey,
    kNextKey,
    kKeyText,
    kColon,
    kValueStart,
    kValue,
    kAfterValue,
    kListOpen,
    kFirstElement,
    kNextElement,
    kElement,
    kAfterElement,
    kEnd,
  };

  Step take_key(const char*& at, const char* end);
  Step take_value(const char*& at, const char* end, Step done, State after);
  Step punctuation(const char*& at);
  Step object_punctuation(const char*& at);
  Step list_punctuation(const char*& at);
  Step begin_value(State inside, Step step);
  Step bad(std::string_view problem);

  State state_ = State::kStart;
  ValueSkim skim_;
  std::string key_;
  bool key_escaped_ = false;
  std::string_view problem_;
};

}  // namespace ferry::watch::codec
