#include "watch/codec/rfc3339.h"

#include <cstddef>

namespace ferry::watch::codec {
namespace {

/// Reads a text front to back; the first thing that is not as expected spoils the rest.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  /// The number that the next `count` digits make.
  int digits(std::size_t count) {
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) number = 10 * number + digit();
    return number;
  }
  void expect(char wanted) { good_ = take(wanted) && good_; }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  bool ended_well() const { return good_ && rest_.empty(); }

 private:
  int digit() {
    if (!at_digit()) {
      good_ = false;
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool good_ = true;
};

std::chrono::nanoseconds read_fraction(Cursor& in) {
  std::chrono::nanoseconds fraction{in.digits(1) * 100'000'000};
  for (int unit = 10'000'000; unit > 0 && in.at_digit(); unit /= 10) {
    fraction += std::chrono::nanoseconds{in.digits(1) * unit};
  }
  return fraction;
}

/// What the text's own clock is ahead of UTC; nothing when no clock is.
std::optional<std::chrono::minutes> read_offset(Cursor& in) {
  if (in.take('Z')) return std::chrono::minutes{0};
  const bool behind = in.take('-');
  if (!behind) in.expect('+');
  const int hours = in.digits(2);
  in.expect(':');
  const int minutes = in.digits(2);
  if (hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset{60 * hours + minutes};
  return behind ? -offset : offset;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text) {
  Cursor in(text);
  const int year = in.digits(4);
  in.expect('-');
  const auto month = static_cast<unsigned>(in.digits(2));
  in.expect('-');
  const auto day = static_cast<unsigned>(in.digits(2));
  in.expect('T');
  const int hour = in.digits(2);
  in.expect(':');
  const int minute = in.digits(2);
  in.expect(':');
  const int second = in.digits(2);
  const std::chrono::nanoseconds fraction = in.take('.') ? read_fraction(in) : std::chrono::nanoseconds{0};
  const std::optional<std::chrono::minutes> offset = read_offset(in);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  if (!in.ended_well() || !offset || !date.ok() || year < 1970 || year > 2261) return std::nullopt;
  // A leap second is the 60th.
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} - *offset +
         std::chrono::seconds{second} + fraction;
}

}  // namespace ferry::watch::codec
