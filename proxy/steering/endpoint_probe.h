#pragma once

#include <chrono>
#include <functional>

#include <boost/asio/any_io_executor.hpp>

#include "config/backend_set.h"

namespace ferry::proxy {

/// Connects to the endpoint from this process's own network, and closes at once. `done` hears through the executor
/// whether it has taken the connection within the patience; want of something of ours counts as though it had, since it
/// says nothing of the endpoint. The executor's context may end before.
void probe_endpoint(const boost::asio::any_io_executor& executor, const config::Backend& endpoint,
                    std::chrono::milliseconds patience, std::function<void(bool taken)> done);

}  // namespace ferry::proxy
