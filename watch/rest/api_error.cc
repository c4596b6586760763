#include "watch/rest/api_error.h"

#include <stdexcept>
#include <utility>

namespace ferry::watch {

ApiError ApiError::protocol(std::string message) {
  ApiError error;
  error.kind = Kind::kProtocol;
  error.message = std::move(message);
  return error;
}

ApiError ApiError::cancelled() {
  ApiError error;
  error.kind = Kind::kCancelled;
  return error;
}

std::string ApiError::to_string() const {
  std::string text;
  if (kind == Kind::kStatus) {
    text = std::to_string(http_status);
    if (!reason.empty()) text += " " + reason;
    if (!message.empty()) text += ": " + message;
    return text;
  }
  text = message;
  if (code.failed()) text += (text.empty() ? "" : ": ") + code.message();
  if (!text.empty()) return text;
  switch (kind) {
    case Kind::kTimeout:
      return "timed out";
    case Kind::kCancelled:
      return "cancelled";
    case Kind::kProtocol:
      return "the answer is not the Kubernetes protocol";
    case Kind::kTransport:
    case Kind::kStatus:
      break;
  }
  return "connection failed";
}

void throw_exception_from_error(const ApiError& error, const boost::source_location& /*location*/) {
  throw std::runtime_error(error.to_string());
}

}  // namespace ferry::watch
