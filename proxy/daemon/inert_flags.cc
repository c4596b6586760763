#include "proxy/daemon/inert_flags.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>
#include <spdlog/fmt/fmt.h>

#include "proxy/daemon/options.h"
#include "proxy/settings/duration.h"

namespace ferry::proxy {

namespace {

enum class Type : std::uint8_t { kText, kNumber, kBool, kDuration };

struct Flag {
  const char* name = "";
  Type type = Type::kText;
};

constexpr auto kFlags = std::to_array<Flag>({
    {"--proxy-mode", Type::kText},
    {"--iptables-localhost-nodeports", Type::kBool},
    {"--iptables-masquerade-bit", Type::kNumber},
    {"--iptables-min-sync-period", Type::kDuration},
    {"--iptables-sync-period", Type::kDuration},
    {"--ipvs-exclude-cidrs", Type::kText},
    {"--ipvs-min-sync-period", Type::kDuration},
    {"--ipvs-scheduler", Type::kText},
    {"--ipvs-strict-arp", Type::kBool},
    {"--ipvs-sync-period", Type::kDuration},
    {"--ipvs-tcp-timeout", Type::kDuration},
    {"--ipvs-tcpfin-timeout", Type::kDuration},
    {"--ipvs-udp-timeout", Type::kDuration},
    {"--masquerade-all", Type::kBool},
    {"--conntrack-max-per-core", Type::kNumber},
    {"--conntrack-min", Type::kNumber},
    {"--conntrack-tcp-be-liberal", Type::kBool},
    {"--conntrack-tcp-timeout-close-wait", Type::kDuration},
    {"--conntrack-tcp-timeout-established", Type::kDuration},
    {"--conntrack-udp-timeout", Type::kDuration},
    {"--conntrack-udp-timeout-stream", Type::kDuration},
    {"--detect-local-mode", Type::kText},
    {"--pod-bridge-interface", Type::kText},
    {"--pod-interface-name-prefix", Type::kText},
    {"--kube-api-burst", Type::kNumber},
    {"--kube-api-content-type", Type::kText},
    {"--kube-api-qps", Type::kNumber},
    {"--config-sync-period", Type::kDuration},
    {"--feature-gates", Type::kText},
    {"--profiling", Type::kBool},
    {"--proxy-port-range", Type::kText},
    {"--show-hidden-metrics-for-version", Type::kText},
    {"--alsologtostderr", Type::kBool},
    {"--log-flush-frequency", Type::kDuration},
    {"--log-json-info-buffer-size", Type::kText},
    {"--log-json-split-stream", Type::kBool},
    {"--log-text-info-buffer-size", Type::kText},
    {"--log-text-split-stream", Type::kBool},
    {"--logtostderr", Type::kBool},
    {"--vmodule", Type::kText},
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
    case Type::kText:
      return;
    case Type::kNumber:
      return require(is_number(value), "a number");
    case Type::kBool:
      return require(is_bool(value), "true or false");
    case Type::kDuration:
      return require(parse_duration(value).has_value(), "a duration such as 500ms, 30s or 1m30s");
  }
}

}  // namespace

void define_inert_flags(CLI::App& app) {
  for (const Flag& flag : kFlags) {
    if (flag.type == Type::kBool) {
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
