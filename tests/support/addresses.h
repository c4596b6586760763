#pragma once

#include <string_view>

#include "config/ip_address.h"

namespace ferry::testing {

/// The address or range that the text writes. Throws std::bad_optional_access where it writes none.
inline config::IpAddress address(std::string_view text) { return config::IpAddress::parse(text).value(); }
inline config::IpPrefix prefix(std::string_view text) { return config::IpPrefix::parse(text).value(); }

}  // namespace ferry::testing
