#pragma once

#include <cstdint>

namespace ferry::proxy {

/// How the lines of the log are written.
enum class LogFormat : std::uint8_t { kText, kJson };

}  // namespace ferry::proxy
