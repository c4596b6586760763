#include "proxy/options/inert_flags.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>
#include <spdlog/fmt/fmt.h>

#include "proxy/options/options.h"
#include "proxy/settings/duration.h"

namespace ferry::proxy {

namespace {

enum class FlagType : std::uint8_t { kText, kNumber, kBool, kDuration };

struct Flag {
  const char* name = "";
  FlagType type = FlagType::kText;
};

constexpr auto kFlags = std::to_array<Flag>({
    {"--proxy-mode", FlagType::kText},
    {"--iptables-localhost-nodeports", FlagType::kBool},
    {"--iptables-masquerade-bit", FlagType::kNumber},
    {"--iptables-min-sync-period", FlagType::kDuration},
    {"--iptables-sync-period", FlagType::kDuration},
    {"--ipvs-exclude-cidrs", FlagType::kText},
    {"--ipvs-min-sync-period", FlagType::kDuration},
    {"--ipvs-scheduler", FlagType::kText},
    {"--ipvs-strict-arp", FlagType::kBool},
    {"--ipvs-sync-period", FlagType::kDuration},
    {"--ipvs-tcp-timeout", FlagType::kDuration},
    {"--ipvs-tcpfin-timeout", FlagType::kDuration},
    {"--ipvs-udp-timeout", FlagType::kDuration},
    {"--masquerade-all", FlagType::kBool},
    {"--conntrack-max-per-core", FlagType::kNumber},
    {"--conntrack-min", FlagType::kNumber},
    {"--conntrack-tcp-be-liberal", FlagType::kBool},
    {"--conntrack-tcp-timeout-close-wait", FlagType::kDuration},
    {"--conntrack-tcp-timeout-established", FlagType::kDuration},
    {"--conntrack-udp-timeout", FlagType::kDuration},
    {"--conntrack-udp-timeout-stream", FlagType::kDuration},
    {"--detect-local-mode", FlagType::kText},
    {"--pod-bridge-interface", FlagType::kText},
    {"--pod-interface-name-prefix", FlagType::kText},
    {"--kube-api-burst", FlagType::kNumber},
    {"--kube-api-content-type", FlagType::kText},
    {"--kube-api-qps", FlagType::kNumber},
    {"--config-sync-period", FlagType::kDuration},
    {"--feature-gates", FlagType::kText},
    {"--profiling", FlagType::kBool},
    {"--proxy-port-range", FlagType::kText},
    {"--show-hidden-metrics-for-version", FlagType::kText},
    {"--alsologtostderr", FlagType::kBool},
    {"--log-flush-frequency", FlagType::kDuration},
    {"--log-json-info-buffer-size", FlagType::kText},
    {"--log-json-split-stream", FlagType::kBool},
    {"--log-text-info-buffer-size", FlagType::kText},
    {"--log-text-split-stream", FlagType::kBool},
    {"--logtostderr", FlagType::kBool},
    {"--vmodule", FlagType::kText},
});

bool is_number(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end;
}

/// As Go's strconv.ParseBool.
bool is_bool(std::string_view text) {
  constexpr std::array<std::string_view, 12> kBools{"1", "t", "T", "true",  "True",  "TRUE",
                                                    "0", "f", "F", "false", "False", "FALSE"};
  return std::find(kBools.begin(), kBools.end(), text) != kBools.end();
}

void check(const Flag& flag, const std::string& value) {
  const auto require = [&](bool fits, const char* what) {
    if (!fits) throw UsageError(fmt::format("{} {}: give {}", flag.name, value.empty() ? "''" : value, what));
  };
  switch (flag.type) {
    case FlagType::kText:
      return;
    case FlagType::kNumber:
      return require(is_number(value), "a number");
    case FlagType::kBool:
      return require(is_bool(value), "true or false");
    case FlagType::kDuration:
      return require(parse_duration(value).has_value(), "a duration such as 500ms, 30s or 1m30s");
  }
}

}  // namespace

void define_inert_flags(CLI::App& app) {
  for (const Flag& flag : kFlags) {
    if (flag.type == FlagType::kBool) {
      app.add_flag(flag.name)->group(kInertGroup);
    } else {
      app.add_option(flag.name)->group(kInertGroup);
    }
  }
}

void hide_inert_flags(CLI::App& app) {
  for (const Flag& flag : kFlags) app.get_option(flag.name)->group("");
}

std::vector<std::string> given_inert_flags(const CLI::App& app) {
  std::vector<std::string> given;
  for (const Flag& flag : kFlags) {
    const CLI::Option* const option = app.get_option(flag.name);
    if (option->count() == 0) continue;
    for (const std::string& value : option->results()) check(flag, value);
    given.emplace_back(flag.name);
  }
  return given;
}

}  // namespace ferry::proxy
