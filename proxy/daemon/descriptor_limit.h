#pragma once

#include <cstdint>

namespace ferry::proxy {

/// Raises this process's limit of open descriptors to its hard limit; where that is less than a million and this
/// process may (CAP_SYS_RESOURCE), to a million, or to what fs.nr_open allows. Returns the limit now in force. Each
/// connection takes two.
std::uint64_t raise_descriptor_limit();

}  // namespace ferry::proxy
