#include "proxy/cli/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

#include <spdlog/fmt/fmt.h>

namespace ferry::cli {

namespace {

constexpr std::string_view kByteUnits = "KMGTPE";

struct Unit {
  char letter;
  std::int64_t seconds;
};

constexpr std::array<Unit, 4> kTimeUnits{{{'d', 86'400}, {'h', 3600}, {'m', 60}, {'s', 1}}};

std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int number = 0;
  const char* const begin = text.data() + at;
  const auto [stop, error] = std::from_chars(begin, begin + digits, number);
  return error == std::errc{} && stop == begin + digits ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string human_bytes(double bytes) {
  if (!(bytes >= 0)) return "0";
  if (std::round(bytes) < 1024) return fmt::format("{:.0f}", bytes);
  std::size_t unit = 0;
  bytes /= 1024;
  // What would be rounded to 1024.0 is one of the next unit.
  while (bytes >= 1023.95 && unit + 1 < kByteUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f}{}", bytes, kByteUnits[unit]);
}

std::string human_duration(std::chrono::milliseconds duration) {
  std::int64_t rest = std::chrono::floor<std::chrono::seconds>(duration).count();
  if (rest <= 0) return "0s";
  std::string text;
  int left = 2;
  for (const Unit unit : kTimeUnits) {
    const std::int64_t count = rest / unit.seconds;
    rest %= unit.seconds;
    if (count > 0) text += fmt::format("{}{}", count, unit.letter);
    if (!text.empty() && --left == 0) break;
  }
  return text;
}

std::string human_rate(double per_second) { return fmt::format("{:.1f}", per_second > 0 ? per_second : 0.0); }

std::string human_latency(std::optional<double> milliseconds) {
  if (!milliseconds) return "-";
  if (*milliseconds >= 999.5) return fmt::format("{:.1f}s", *milliseconds / 1000);
  if (*milliseconds >= 9.95) return fmt::format("{:.0f}ms", *milliseconds);
  return fmt::format("{:.1f}ms", *milliseconds);
}

std::optional<std::chrono::sys_seconds> parse_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size() || !text.ends_with('Z')) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] != '0' && text[i] != kShape[i]) return std::nullopt;
  }
  const auto year = number_at(text, 0, 4);
  const auto month = number_at(text, 5, 2);
  const auto day = number_at(text, 8, 2);
  const auto hour = number_at(text, 11, 2);
  const auto minute = number_at(text, 14, 2);
  const auto second = number_at(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

}  // namespace ferry::cli
