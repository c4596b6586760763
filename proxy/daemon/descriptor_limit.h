#pragma once

#include <cstdint>

namespace ferry::proxy {

/// Raises this process's limit of open descriptors as far as it may without privilege. Returns the limit now in force.
/// Each connection takes two.
std::uint64_t raise_descriptor_limit();

}  // namespace ferry::proxy
