#pragma once

#include <functional>

#include <boost/asio/io_context.hpp>

#include "proxy/admin/routes.h"
#include "proxy/daemon/succession.h"

namespace ferry::proxy {

/// GET /api/upgrade tells which process this is and which it has started to take its place; PUT starts one.
/// `succession` belongs to the thread of `control`; both outlive the routes.
void add_upgrade_page(Routes& routes, boost::asio::io_context& control, Succession& succession);

}  // namespace ferry::proxy
