#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace ferry::testing {

/// Asks again and again until `condition` holds: for what happens in another process, which tells nobody. Throws
/// std::runtime_error naming `what` when it has not come true in time.
void eventually(const std::string& what, const std::function<bool()>& condition,
                std::chrono::seconds limit = std::chrono::seconds(20));

}  // namespace ferry::testing
