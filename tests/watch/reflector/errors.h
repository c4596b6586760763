#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/error.hpp>

#include "watch/rest/api_error.h"

namespace ferry::testing {

inline watch::ApiError status_error(int code, std::string reason = {}) {
  watch::ApiError error;
  error.kind = watch::ApiError::Kind::kStatus;
  error.http_status = code;
  error.reason = std::move(reason);
  return error;
}

inline watch::ApiError gone() { return status_error(410, "Expired"); }

inline watch::ApiError busy(std::optional<std::chrono::seconds> retry_after = std::nullopt) {
  watch::ApiError error = status_error(429, "TooManyRequests");
  error.retry_after = retry_after;
  return error;
}

inline watch::ApiError too_large() {
  watch::ApiError error = status_error(504, "Timeout");
  error.resource_version_too_large = true;
  error.retry_after = std::chrono::seconds(1);
  return error;
}

inline watch::ApiError transport_error(boost::system::error_code code) {
  watch::ApiError error;
  error.kind = watch::ApiError::Kind::kTransport;
  error.code = code;
  return error;
}

inline watch::ApiError refused() { return transport_error(boost::asio::error::connection_refused); }
inline watch::ApiError broken() { return transport_error(boost::asio::error::connection_reset); }

inline watch::ApiError error_of(watch::ApiError::Kind kind) {
  watch::ApiError error;
  error.kind = kind;
  return error;
}

inline watch::ApiError silence() { return error_of(watch::ApiError::Kind::kTimeout); }
inline watch::ApiError garbage() { return error_of(watch::ApiError::Kind::kProtocol); }

}  // namespace ferry::testing
