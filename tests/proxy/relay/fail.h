#pragma once

#include <cerrno>
#include <system_error>

namespace ferry::proxy::testing {

/// Throws what errno says of the call that failed.
[[noreturn]] inline void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace ferry::proxy::testing
