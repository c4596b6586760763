#pragma once

#include "proxy/capture/capture.h"

namespace ferry::proxy {

/// Keeps copies of the sockets by which connections come, so that they outlive this process. For the control thread.
class SocketKeeper {
 public:
  SocketKeeper() = default;
  virtual ~SocketKeeper() = default;
  SocketKeeper(const SocketKeeper&) = delete;
  SocketKeeper& operator=(const SocketKeeper&) = delete;

  /// Keeps a copy of what is open for the address.
  virtual void keep(const ListenAddress& at, int socket) = 0;
  /// What was open for the address is closed.
  virtual void forget(const ListenAddress& at) = 0;
};

}  // namespace ferry::proxy
