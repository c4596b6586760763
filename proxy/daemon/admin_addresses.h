#pragma once

#include <memory>

#include <spdlog/logger.h>

#include "proxy/admin/admin_server.h"
#include "proxy/options/options.h"

namespace ferry::proxy {

/// Binds the healthz and the metrics address, and tells the log their URLs. When one cannot be had, the log tells that,
/// and it is tried again later; with --bind-address-hard-fail, std::runtime_error in one sentence that names the flag.
void open_admin_addresses(AdminServer& admin, const Options& options, Routes health, Routes metrics,
                          const std::shared_ptr<spdlog::logger>& logger);

/// Opens the administration socket, and tells the log. One that was asked for and cannot be had is a
/// std::runtime_error; the default one is only missed. Before other threads are started (HttpServer::listen).
void open_admin_socket(AdminServer& admin, const Options& options, Routes routes,
                       const std::shared_ptr<spdlog::logger>& logger);

}  // namespace ferry::proxy
