#include "watch/codec/value_skim.h"

#include <array>
#include <cstring>

namespace ferry::watch::codec {
namespace {

constexpr std::size_t kMatchedLevels = 64;

enum class ByteClass : std::uint8_t { kOther, kStructural, kScalar };

constexpr std::array<ByteClass, 256> classify() {
  std::array<ByteClass, 256> classes{};
  for (const char byte : {'"', '{', '}', '[', ']'}) classes[static_cast<unsigned char>(byte)] = ByteClass::kStructural;
  for (unsigned char byte = '0'; byte <= '9'; ++byte) classes[byte] = ByteClass::kScalar;
  for (unsigned char byte = 'a'; byte <= 'z'; ++byte) classes[byte] = ByteClass::kScalar;
  for (const char byte : {'+', '-', '.', 'E'}) classes[static_cast<unsigned char>(byte)] = ByteClass::kScalar;
  return classes;
}

constexpr std::array<ByteClass, 256> kClasses = classify();

ByteClass class_of(char byte) { return kClasses[static_cast<unsigned char>(byte)]; }

}  // namespace

const char* ValueSkim::skim(const char* at, const char* end) {
  while (at != end && state_ == State::kInside) {
    switch (mode_) {
      case Mode::kFirstByte:
        first_byte(*at);
        if (state_ == State::kInside) ++at;
        break;
      case Mode::kBrackets:
        at = skim_brackets(at, end);
        break;
      case Mode::kString:
        at = skim_string(at, end);
        break;
      case Mode::kScalar:
        at = skim_scalar(at, end);
        break;
    }
  }
  return at;
}

void ValueSkim::first_byte(char byte) {
  if (byte == '{' || byte == '[') {
    mode_ = Mode::kBrackets;
    open(byte == '[');
  } else if (byte == '"') {
    mode_ = Mode::kString;
  } else if (class_of(byte) == ByteClass::kScalar) {
    mode_ = Mode::kScalar;
  } else {
    state_ = State::kBad;
  }
}

const char* ValueSkim::skim_brackets(const char* at, const char* end) {
  while (at != end) {
    const char byte = *at++;
    if (class_of(byte) != ByteClass::kStructural) continue;
    if (byte == '"') {
      mode_ = Mode::kString;
      return at;
    }
    if (byte == '{' || byte == '[') {
      open(byte == '[');
    } else {
      close(byte == ']');
      if (state_ != State::kInside) return state_ == State::kBad ? at - 1 : at;
    }
  }
  return at;
}

// A quote ends the string unless an odd number of backslashes stands right before it.
const char* ValueSkim::skim_string(const char* at, const char* end) {
  while (at != end) {
    const auto* quote = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
    const char* const stop = quote == nullptr ? end : quote;
    const char* run = stop;
    while (run != at && run[-1] == '\\') --run;
    bool odd = (stop - run) % 2 != 0;
    if (run == at) odd = odd != escaped_;
    if (quote == nullptr) {
      escaped_ = odd;
      return end;
    }
    escaped_ = false;
    at = quote + 1;
    if (odd) continue;
    if (depth_ == 0) {
      state_ = State::kDone;
    } else {
      mode_ = Mode::kBrackets;
    }
    return at;
  }
  return at;
}

const char* ValueSkim::skim_scalar(const char* at, const char* end) {
  while (at != end && class_of(*at) == ByteClass::kScalar) ++at;
  if (at != end) state_ = State::kDone;
  return at;
}

void ValueSkim::open(bool is_list) {
  if (depth_ < kMatchedLevels) {
    const std::uint64_t bit = std::uint64_t{1} << depth_;
    lists_ = is_list ? lists_ | bit : lists_ & ~bit;
  }
  ++depth_;
}

void ValueSkim::close(bool is_list) {
  --depth_;
  if (depth_ < kMatchedLevels && ((lists_ >> depth_ & 1U) != 0) != is_list) {
    state_ = State::kBad;
  } else if (depth_ == 0) {
    state_ = State::kDone;
  }
}

}  // namespace ferry::watch::codec
