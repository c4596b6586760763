#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ferry::cli {

/// For co_await: what came of an operation as a tuple, errors and all, rather than thrown.
inline constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

/// HTTP/1.1, as Beast numbers it.
inline constexpr unsigned kHttp11 = 11;

}  // namespace ferry::cli
