#include "proxy/settings/duration.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

namespace ferry::proxy {

namespace {

constexpr double kLongest = 100.0 * 366 * 24 * 3600 * 1e9;

/// In nanoseconds. Those that begin another one come after it.
constexpr std::array<std::pair<std::string_view, double>, 7> kUnits{{
    {"ns", 1},
    {"us", 1e3},
    {"\u00b5s", 1e3},
    {"ms", 1e6},
    {"s", 1e9},
    {"m", 60e9},
    {"h", 3600e9},
}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes a decimal number off the front; nullopt when there is none.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  double place = 1;
  bool fraction = false;
  bool digits = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (is_digit(c)) {
      digits = true;
      if (fraction) place /= 10;
      value = fraction ? value + (c - '0') * place : value * 10 + (c - '0');
    } else {
      break;
    }
  }
  return digits ? std::optional(value) : std::nullopt;
}

/// Takes a unit off the front: its length in nanoseconds.
std::optional<double> take_unit(std::string_view& text) {
  for (const auto& [name, nanoseconds] : kUnits) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return nanoseconds;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds{0};
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    const auto unit = number ? take_unit(text) : std::nullopt;
    if (!unit) return std::nullopt;
    sum += *number * *unit;
    if (sum > kLongest) return std::nullopt;
  }
  return std::chrono::nanoseconds{static_cast<std::int64_t>(std::llround(sum))};
}

std::string format_duration(std::chrono::milliseconds duration) {
  auto rest = duration.count();
  if (rest < 1000 && rest > 0) return std::to_string(rest) + "ms";
  std::string text;
  if (rest >= 3'600'000) text += std::to_string(rest / 3'600'000) + "h";
  rest %= 3'600'000;
  if (rest >= 60'000) text += std::to_string(rest / 60'000) + "m";
  rest %= 60'000;
  if (rest == 0) return text.empty() ? "0s" : text;
  text += std::to_string(rest / 1000);
  if (rest % 1000 != 0) {
    std::string thousandths = std::to_string(1000 + rest % 1000).substr(1);
    thousandths.erase(thousandths.find_last_not_of('0') + 1);
    text += "." + thousandths;
  }
  return text + "s";
}

}  // namespace ferry::proxy
