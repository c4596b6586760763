#pragma once

#include <functional>

#include "proxy/admin/routes.h"

namespace ferry::proxy {

/// Adds /api/log-level: GET tells the --v in force, which `now` gives; PUT with a number from 0 to 10 as its body sets
/// it, where `set` is given, which calls back once it is so.
void add_log_level_page(Routes& routes, std::function<int()> now,
                        std::function<void(int verbosity, std::function<void()> done)> set = nullptr);

}  // namespace ferry::proxy
