#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace ferry::watch::codec {

/// Reads a time as the API writes it (RFC 3339, with up to nine digits of a second): "2026-01-02T15:04:05.123456789Z",
/// or with an offset such as "+01:00" in place of the Z. Nothing for any other text, and for years outside 1970 to
/// 2261, which nanoseconds in 64 bits do not reach.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text);

}  // namespace ferry::watch::codec
