#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include "config/ip_address.h"
#include "proxy/dataplane/served_port.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// Where a service port is reached.
struct ListenAddress {
  config::IpAddress address;
  std::uint16_t port = 0;

  friend auto operator<=>(const ListenAddress&, const ListenAddress&) = default;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// A listening socket that all workers accept from. The last of them to let go empties its queue and closes it.
struct ListenSocket {
  ListenAddress at;
  UniqueFd fd;
  std::atomic<std::size_t> watchers{0};
};

/// Accept from the socket for the service port; a socket already accepted from goes to this service port from now on.
struct Listen {
  std::shared_ptr<ListenSocket> socket;
  std::shared_ptr<ServedPort> port;
};
/// Accept no more from the socket.
struct Unlisten {
  std::shared_ptr<ListenSocket> socket;
};
/// Pick from these sets from now on.
struct UseBackends {
  std::shared_ptr<ServedPort> port;
  FamilySets sets;
};
/// Nothing will be said of this service port again. Its connections go on.
struct Forget {
  std::shared_ptr<ServedPort> port;
};
/// Carry a connection that another worker has accepted. `sets` are those of that worker, should the service port have
/// been forgotten meanwhile.
struct Adopt {
  std::shared_ptr<UniqueFd> client;
  std::shared_ptr<ServedPort> port;
  FamilySets sets;
  config::AddressFamily family = config::AddressFamily::kIpv4;
};
/// Say once when no connection is left.
struct ReportIdle {};
/// Reset every connection.
struct CancelAll {};
/// Reset every connection, close every listener, and end the thread.
struct Quit {};

using Command = std::variant<Listen, Unlisten, UseBackends, Forget, Adopt, ReportIdle, CancelAll, Quit>;
using Commands = std::vector<Command>;

}  // namespace ferry::proxy
