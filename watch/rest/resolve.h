#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "watch/rest/api_error.h"

namespace ferry::watch {

/// The addresses of a host, given as a name or an address. The system's resolver cannot be interrupted, so past the
/// time allowed its answer is left to come in vain.
boost::asio::awaitable<Result<std::vector<boost::asio::ip::tcp::endpoint>>> resolve(std::string host,
                                                                                    std::uint16_t port,
                                                                                    std::chrono::milliseconds time);

}  // namespace ferry::watch
