#include "proxy/dataplane/connection_record.h"

namespace ferry::proxy {

std::string_view to_string(ConnectionState state) {
  switch (state) {
    case ConnectionState::kDialling:
      return "dialling";
    case ConnectionState::kWaiting:
      return "waiting";
    case ConnectionState::kCarried:
      return "carried";
    case ConnectionState::kHalfClosed:
      break;
  }
  return "half-closed";
}

std::string_view to_string(ConnectionEnd end) {
  switch (end) {
    case ConnectionEnd::kFinished:
      return "finished";
    case ConnectionEnd::kResetByClient:
      return "reset by client";
    case ConnectionEnd::kResetByEndpoint:
      return "reset by endpoint";
    case ConnectionEnd::kClientLeft:
      return "client left";
    case ConnectionEnd::kNoEndpoint:
      return "no endpoint";
    case ConnectionEnd::kHalfCloseTimeout:
      return "half-close timeout";
    case ConnectionEnd::kIdleTimeout:
      return "idle timeout";
    case ConnectionEnd::kDrained:
      return "drained";
    case ConnectionEnd::kClientVanished:
      return "client vanished";
    case ConnectionEnd::kEndpointVanished:
      return "endpoint vanished";
    case ConnectionEnd::kNoMemory:
      return "no memory";
    case ConnectionEnd::kShutdown:
      break;
  }
  return "shutdown";
}

}  // namespace ferry::proxy
