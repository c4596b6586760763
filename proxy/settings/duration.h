#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::proxy {

/// Reads a duration as Go writes it, so that flags mean what they mean to kube-proxy: "500ms", "1m30s", "1.5h", "0".
/// Units: ns, us (or µs), ms, s, m, h. nullopt for anything else, for a negative duration, and beyond 100 years.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The same form back, in its shortest exact way: "1m30s", "250ms", "0s".
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace ferry::proxy
