#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Numbers as a person reads them.
namespace ferry::cli {

/// "0", "1023", "1.2K", "34.0M", "1.5T": the units are 1024 times the one before.
std::string human_bytes(double bytes);

/// The two largest units of a duration, whole seconds at least: "0s", "3s", "2m5s", "1h", "1h2m", "3d4h".
std::string human_duration(std::chrono::milliseconds duration);

/// A rate a second with one decimal: "1.5", "0.0".
std::string human_rate(double per_second);

/// Milliseconds: "0.2ms", "12ms", "1.3s"; "-" for none.
std::string human_latency(std::optional<double> milliseconds);

/// The text of a time in UTC (RFC 3339) such as "2026-11-25T21:49:46Z", fractions of a second left out; nullopt when it
/// is none.
std::optional<std::chrono::sys_seconds> parse_time(std::string_view text);

}  // namespace ferry::cli
