#include "watch/codec/json_reader.h"

#include <array>
#include <charconv>
#include <utility>

#include "watch/codec/json_text.h"

namespace ferry::watch::codec {
namespace {

constexpr std::size_t kMaxNumberInReason = 32;
constexpr std::size_t kMaxNameInPath = 64;
constexpr std::size_t kMaxPath = 256;

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

// The bytes a string may have as they are.
constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < plain.size(); ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}

constexpr std::array<bool, 256> kPlain = plain_bytes();

std::string_view kind_of(char byte) {
  if (byte == '{') return "an object";
  if (byte == '[') return "a list";
  if (byte == '"') return "a string";
  if (byte == '-' || is_digit(byte)) return "a number";
  if (byte == 't' || byte == 'f') return "a boolean";
  if (byte == 'n') return "null";
  return "no JSON";
}

}  // namespace

JsonReader::JsonReader(std::string_view json) : at_(json.data()), end_(json.data() + json.size()) {
  if (!is_utf8(json)) fail("not UTF-8");
}

void JsonReader::fail(std::string reason) {
  if (!ok_) return;
  const std::string where = path();
  problem_ = where.empty() ? std::move(reason) : where + ": " + reason;
  ok_ = false;
  at_ = end_;
  // The names on the way here may be gone by the time somebody asks for the path.
  depth_ = 0;
}

void JsonReader::fail_expected(std::string_view expected) {
  const std::string_view found = at_ == end_ ? "the end" : kind_of(*at_);
  fail("expected " + std::string(expected) + ", found " + std::string(found));
}

std::string JsonReader::path() const {
  std::string path;
  for (unsigned level = 0; level < depth_ && level < kMaxJsonDepth; ++level) {
    const Step& step = steps_[level];
    if (step.kind == Step::Kind::kMember) {
      if (!path.empty()) path += '.';
      path += printable(step.name, kMaxNameInPath);
    } else if (step.kind == Step::Kind::kElement) {
      path += '[' + std::to_string(step.index) + ']';
    }
    if (path.size() > kMaxPath) return path + "…";
  }
  return path;
}

void JsonReader::finish() {
  blanks();
  if (ok_ && at_ != end_) fail("something follows the object");
}

void JsonReader::blanks() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

bool JsonReader::take(char byte) {
  if (at_ == end_ || *at_ != byte) return false;
  ++at_;
  return true;
}

bool JsonReader::literal(std::string_view word) {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool JsonReader::at_null() {
  blanks();
  return at_ != end_ && *at_ == 'n';
}

bool JsonReader::null() {
  if (!at_null()) return false;
  if (!literal("null")) fail("no JSON");
  return true;
}

bool JsonReader::open(char bracket, std::string_view expected) {
  if (null() || !ok_) return false;
  if (!take(bracket)) {
    fail_expected(expected);
    return false;
  }
  if (depth_ == kMaxJsonDepth) {
    fail("nests deeper than " + std::to_string(kMaxJsonDepth) + " levels");
    return false;
  }
  steps_[depth_++] = Step{};
  return true;
}

bool JsonReader::next_in(char closing, bool first) {
  if (!ok_) return false;
  blanks();
  if (take(closing)) {
    --depth_;
    return false;
  }
  if (!first && !take(',')) fail(at_ == end_ ? "cut off" : "members and elements are separated by ','");
  blanks();
  return ok_;
}

bool JsonReader::next_name(bool first, std::string& unescaped) {
  if (!next_in('}', first)) return false;
  if (!take('"')) {
    fail(at_ == end_ ? "cut off" : "a member starts with its name");
    return false;
  }
  bool escaped = false;
  std::string_view name = quoted(escaped);
  if (!ok_) return false;
  if (escaped) {
    unescape(name, unescaped);
    name = unescaped;
  }
  steps_[depth_ - 1] = Step{Step::Kind::kMember, name, 0};
  blanks();
  if (!take(':')) fail(at_ == end_ ? "cut off" : "':' stands between a name and its value");
  blanks();
  return ok_;
}

std::string_view JsonReader::quoted(bool& escaped) {
  const char* const begin = at_;
  while (at_ != end_) {
    const char byte = *at_++;
    if (kPlain[static_cast<unsigned char>(byte)]) continue;
    if (byte == '"') return {begin, static_cast<std::size_t>(at_ - 1 - begin)};
    if (byte != '\\') {
      fail("a control character stands in a string");
      return {};
    }
    escaped = true;
    if (!escape()) {
      fail("a string has a wrong escape");
      return {};
    }
  }
  fail("cut off");
  return {};
}

bool JsonReader::escape() {
  if (at_ == end_) return false;
  const char letter = *at_++;
  if (letter != 'u') return std::string_view("\"\\/bfnrt").find(letter) != std::string_view::npos;
  const auto code = hex_digits();
  if (!code || (*code >= 0xDC00 && *code < 0xE000)) return false;
  if (*code < 0xD800 || *code >= 0xDC00) return true;
  if (!literal("\\u")) return false;
  const auto low = hex_digits();
  return low && *low >= 0xDC00 && *low < 0xE000;
}

std::optional<std::uint32_t> JsonReader::hex_digits() {
  std::uint32_t value = 0;
  if (end_ - at_ < 4) return std::nullopt;
  const auto [next, error] = std::from_chars(at_, at_ + 4, value, 16);
  if (error != std::errc{} || next != at_ + 4) return std::nullopt;
  at_ = next;
  return value;
}

std::optional<std::string_view> JsonReader::text() {
  if (null() || !ok_) return std::nullopt;
  if (!take('"')) {
    fail_expected("a string");
    return std::nullopt;
  }
  bool escaped = false;
  const std::string_view written = quoted(escaped);
  if (!ok_) return std::nullopt;
  if (!escaped) return written;
  unescape(written, unescaped_);
  return std::string_view(unescaped_);
}

void JsonReader::digits() {
  if (at_ == end_ || !is_digit(*at_)) fail("a number lacks its digits");
  while (at_ != end_ && is_digit(*at_)) ++at_;
}

std::string_view JsonReader::number() {
  const char* const begin = at_;
  take('-');
  if (!take('0')) digits();
  if (ok_ && take('.')) digits();
  if (ok_ && (take('e') || take('E'))) {
    if (!take('+')) take('-');
    digits();
  }
  return ok_ ? std::string_view(begin, static_cast<std::size_t>(at_ - begin)) : std::string_view();
}

std::optional<std::int64_t> JsonReader::integer(std::int64_t lowest, std::int64_t highest, std::string_view what) {
  if (null() || !ok_) return std::nullopt;
  if (at_ == end_ || (*at_ != '-' && !is_digit(*at_))) {
    fail_expected("a number");
    return std::nullopt;
  }
  const std::string_view written = number();
  if (!ok_) return std::nullopt;
  std::int64_t value = 0;
  const auto [next, error] = std::from_chars(written.data(), written.data() + written.size(), value);
  if (error != std::errc{} || next != written.data() + written.size() || value < lowest || value > highest) {
    fail(std::string(written.substr(0, kMaxNumberInReason)) + " is not " + std::string(what));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> JsonReader::boolean() {
  if (null() || !ok_) return std::nullopt;
  if (literal("true")) return true;
  if (literal("false")) return false;
  fail_expected("a boolean");
  return std::nullopt;
}

std::optional<std::string_view> JsonReader::text_or_number() {
  blanks();
  if (at_ == end_ || *at_ == '"' || *at_ == 'n') return text();
  const char* const begin = at_;
  if (!integer(0, INT64_MAX, "a version")) return std::nullopt;
  return std::string_view(begin, static_cast<std::size_t>(at_ - begin));
}

void JsonReader::skip() {
  blanks();
  if (at_ == end_) return fail("cut off");
  switch (*at_) {
    case '{':
      return members([](std::string_view) {});
    case '[':
      return elements([](std::size_t) {});
    case '"': {
      ++at_;
      bool escaped = false;
      quoted(escaped);
      return;
    }
    case 'n':
      null();
      return;
    case 't':
    case 'f':
      boolean();
      return;
    default:
      if (*at_ != '-' && !is_digit(*at_)) return fail_expected("a value");
      number();
  }
}

}  // namespace ferry::watch::codec
