#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace ferry::watch {

/// Why a request to the API server did not do what was asked.
struct ApiError {
  enum class Kind {
    /// The connection could not be made or broke: `code` says how.
    kTransport,
    /// The answer did not come, or stalled, within the time allowed.
    kTimeout,
    /// The server said no: `http_status`, `reason` and `message` come from its Status body.
    kStatus,
    /// The server said something that is not the protocol (bad HTTP, bad JSON, too large).
    kProtocol,
    /// This side gave up: shutdown.
    kCancelled,
  };

  /// The longest that a server may have a client wait before it asks again.
  static constexpr std::chrono::seconds kLongestRetryAfter = std::chrono::hours{24};

  Kind kind = Kind::kTransport;
  boost::system::error_code code;
  /// Status.code, or the HTTP status when the body held no Status. 0 unless kStatus.
  int http_status = 0;
  /// Status.reason ("Expired", "Conflict"…), may be empty.
  std::string reason;
  /// For a person: one clause, no trailing stop.
  std::string message;
  /// Retry-After, or Status.details.retryAfterSeconds.
  std::optional<std::chrono::seconds> retry_after;
  /// Status.details.causes[].reason holds ResourceVersionTooLarge.
  bool resource_version_too_large = false;

  static ApiError protocol(std::string message);
  static ApiError cancelled();

  /// The version asked for is too old (HTTP 410, or reason Expired or Gone): list again.
  bool is_gone() const { return http_status == 410 || reason == "Expired" || reason == "Gone"; }
  bool is_too_many_requests() const { return http_status == 429; }
  bool is_not_found() const { return http_status == 404; }
  bool is_connection_refused() const { return code == boost::system::errc::connection_refused; }

  /// One clause for a log line, such as `410 Expired: too old resource version` or `connection refused`.
  std::string to_string() const;
};

template <class T>
using Result = boost::system::result<T, ApiError>;

/// Lets Result<T>::value() compile; calling value() on an error is a broken invariant and throws std::runtime_error.
[[noreturn]] void throw_exception_from_error(const ApiError& error, const boost::source_location& location);

}  // namespace ferry::watch
