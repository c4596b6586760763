#pragma once

#include <cstddef>
#include <cstdint>

namespace ferry::watch::codec {

/// Finds the end of one JSON value whose bytes come in pieces. Sees structure alone: strings, brackets, and scalars as
/// runs of the bytes a scalar may have; whether the value is JSON throughout is for its decoder to say. Nesting costs
/// nothing: brackets are matched by kind through the first 64 levels and counted below them.
class ValueSkim {
 public:
  enum class State : std::uint8_t { kInside, kDone, kBad };

  /// Starts over; the value's first byte comes next, without white space before it.
  void start() { *this = ValueSkim(); }
  /// Takes bytes up to the value's end, or all of them, and returns where it stopped.
  const char* skim(const char* at, const char* end);
  State state() const { return state_; }

 private:
  enum class Mode : std::uint8_t { kFirstByte, kBrackets, kString, kScalar };

  void first_byte(char byte);
  const char* skim_brackets(const char* at, const char* end);
  const char* skim_string(const char* at, const char* end);
  const char* skim_scalar(const char* at, const char* end);
  void open(bool is_list);
  void close(bool is_list);

  State state_ = State::kInside;
  Mode mode_ = Mode::kFirstByte;
  /// The bytes so far end with an odd number of backslashes (in a string).
  bool escaped_ = false;
  std::size_t depth_ = 0;
  /// What the bracket of each of the first 64 levels is, the outermost in the lowest bit; a set bit is a list.
  std::uint64_t lists_ = 0;
};

}  // namespace ferry::watch::codec
