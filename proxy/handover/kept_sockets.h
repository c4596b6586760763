#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proxy/capture/socket_keeper.h"
#include "proxy/dataplane/handed.h"
#include "proxy/host/service_manager.h"

namespace ferry::proxy {

/// The sockets of this process in the service manager's store (sd_pid_notify_with_fds(3), FDSTORE=1), from where the
/// next process gets them: while none runs, connections wait in the kernel's queues instead of being refused. What the
/// manager does not take is opened anew by the next process.
class KeptSockets : public SocketKeeper {
 public:
  /// What a process that is gone has left. The descriptors are those that the manager handed over; others than ours are
  /// closed.
  struct Left {
    Inheritance inheritance;
    std::vector<UniqueFd> pages;

    bool empty() const { return inheritance.sockets.empty() && pages.empty(); }
  };
  static Left sort_out(std::vector<ReceivedFd> received);

  /// `manager` outlives it. `left`: under which names things are kept already.
  KeptSockets(const ServiceManager& manager, const Left& left);

  void keep(const ListenAddress& at, int socket) override;
  void forget(const ListenAddress& at) override;
  /// Keeps these, and nothing else but what keep() was told before.
  void keep_all(const std::vector<HandedSocket>& sockets, const std::vector<UniqueFd>& pages);

 private:
  const ServiceManager& manager_;
  /// Names of sockets for addresses, left by the process before.
  std::set<std::string> left_;
};

}  // namespace ferry::proxy
