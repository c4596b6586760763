#pragma once

#include "proxy/admin/admin_server.h"
#include "proxy/daemon/options.h"

namespace ferry::proxy {

/// Binds the healthz and the metrics address and logs where they are. Throws std::runtime_error in one sentence that
/// names the flag when an address cannot be had.
void open_admin_addresses(AdminServer& admin, const Options& options, Routes health, Routes metrics);

}  // namespace ferry::proxy
