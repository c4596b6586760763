#include "proxy/options/flag_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string_view>

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include "proxy/options/options.h"
#include "proxy/settings/duration.h"

namespace ferry::proxy {

namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

[[noreturn]] void refuse(const std::string& flag, const std::string& value, const std::string& reason) {
  throw UsageError(fmt::format("{} {}: {}", flag, value.empty() ? "''" : value, reason));
}

/// Lower-case letters, digits, '-' and '.'; each label begins and ends with a letter or digit.
bool is_subdomain(std::string_view name) {
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  char before = '.';
  for (const char c : name) {
    const bool at_edge = before == '.' || c == '.';
    if (!is_alphanumeric(c) && c != '-' && c != '.') return false;
    if (at_edge && !(c == '.' ? is_alphanumeric(before) : is_alphanumeric(c))) return false;
    before = c;
  }
  return !name.empty() && name.size() <= 253 && is_alphanumeric(before);
}

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

/// A word that stands for ranges.
struct Keyword {
  std::string_view word;
  std::array<std::string_view, 2> ranges;
};

constexpr std::array<Keyword, 2> kAddressKeywords{
    {{"localhost", {"127.0.0.0/8", "::1/128"}}, {"all", {"0.0.0.0/0", "::/0"}}}};

std::vector<config::IpPrefix> parse_list_of_ranges(const std::string& flag, const std::string& value,
                                                   std::span<const Keyword> keywords) {
  std::vector<config::IpPrefix> ranges;
  std::string_view rest = value;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    const std::string_view item = rest.substr(0, comma);
    const auto keyword =
        std::find_if(keywords.begin(), keywords.end(), [item](const Keyword& known) { return known.word == item; });
    if (keyword != keywords.end()) {
      for (const std::string_view range : keyword->ranges) ranges.push_back(config::IpPrefix::parse(range).value());
    } else if (const auto range = config::IpPrefix::parse(item)) {
      ranges.push_back(*range);
    } else {
      refuse(flag, value,
             fmt::format("'{}' is no address range; write ADDRESS/LENGTH, such as 10.96.0.0/12 or "
                         "10.96.0.0/12,fd00:10:96::/108",
                         item));
    }
    if (comma + 1 == rest.size()) refuse(flag, value, "ends with a comma; another range must follow it, or none");
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return ranges;
}

}  // namespace

long parse_whole_number(const std::string& flag, const std::string& value, long least, long most) {
  const auto number = parse_number<long>(value);
  if (!number || *number < least || *number > most) {
    refuse(flag, value, fmt::format("give a whole number from {} to {}", least, most));
  }
  return *number;
}

std::chrono::milliseconds parse_duration_flag(const std::string& flag, const std::string& value,
                                              std::chrono::milliseconds least) {
  const auto duration = parse_duration(value);
  if (!duration) refuse(flag, value, "not a duration; write a number and a unit, such as 500ms, 30s or 1m30s");
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(*duration);
  if (whole < least) refuse(flag, value, fmt::format("too short; give at least {}", format_duration(least)));
  return whole;
}

std::vector<config::IpPrefix> parse_ranges(const std::string& flag, const std::string& value) {
  return parse_list_of_ranges(flag, value, {});
}

NodePortAddresses parse_node_port_addresses(const std::string& flag, const std::string& value) {
  if (value == "primary") return {.primary = true, .ranges = {}};
  return {.primary = false, .ranges = parse_list_of_ranges(flag, value, kAddressKeywords)};
}

config::IpAddress parse_address(const std::string& flag, const std::string& value) {
  const auto address = config::IpAddress::parse(value);
  if (!address) refuse(flag, value, "not an IP address; write one such as 10.0.0.1, fd00::1 or 0.0.0.0");
  return *address;
}

std::string parse_node_name(const std::string& flag, const std::string& value) {
  std::string name = value.empty() ? machine_name() : value;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (is_subdomain(name)) return name;
  if (value.empty()) {
    throw UsageError(
        fmt::format("this machine's name, '{}', is no node name; give the node's name with {} NAME", name, flag));
  }
  refuse(flag, value, "not a node name; use letters, digits, '-' and '.', as kubectl get nodes shows it");
}

}  // namespace ferry::proxy
