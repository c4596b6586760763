#pragma once

#include <string>
#include <vector>

#include "proxy/admin/admin_server.h"
#include "proxy/daemon/options.h"

namespace ferry::proxy {

/// Binds the healthz and the metrics address. Returns a line for the log for each, with its URL. Throws
/// std::runtime_error in one sentence that names the flag when an address cannot be had.
std::vector<std::string> open_admin_addresses(AdminServer& admin, const Options& options, Routes health,
                                              Routes metrics);

}  // namespace ferry::proxy
