#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <variant>

#include "proxy/dataplane/connection_listing.h"
#include "proxy/dataplane/dataplane_options.h"
#include "proxy/dataplane/frontend.h"
#include "proxy/dataplane/handed.h"
#include "proxy/dataplane/served_port.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// What comes to a service address. From a socket of TCP's all workers accept, and the last to let go empties its queue
/// and closes it. One of UDP's belongs to its owner alone.
struct ListenSocket {
  ListenAddress at;
  /// None: connections come to the workers' own listeners.
  UniqueFd fd;
  /// UDP's answers go by this socket of the capture's (answer_socket.h); -1: by `fd`.
  int answers = -1;
  std::atomic<std::size_t> watchers{0};
  /// The index of a worker.
  std::size_t owner = 0;
};

/// Accept (or, for UDP, read) from the socket for the service port; a socket already accepted from goes to this service
/// port, by this frontend's rules, from now on.
struct Listen {
  std::shared_ptr<ListenSocket> socket;
  std::shared_ptr<ServedPort> port;
  std::shared_ptr<const Frontend> frontend;
};
/// Take no more from the socket.
struct Unlisten {
  std::shared_ptr<ListenSocket> socket;
};
/// Go by this from now on.
struct UseState {
  std::shared_ptr<ServedPort> port;
  PortState state;
};
/// Nothing will be said of this service port again. Its connections go on.
struct Forget {
  std::shared_ptr<ServedPort> port;
};
/// Carry a connection that another worker has accepted. `state` is what that worker goes by, should the service port
/// have been forgotten meanwhile.
struct Adoption {
  UniqueFd client;
  std::shared_ptr<ServedPort> port;
  PortState state;
  Arrival arrival;
};
struct Adopt {
  std::shared_ptr<Adoption> adoption;
};
/// Go by these options from now on.
struct UseOptions {
  std::shared_ptr<const RuntimeOptions> options;
};
/// Add to the listing what connections there are.
struct ListConnections {
  std::shared_ptr<ConnectionListing> listing;
};
/// Leave what comes in the kernel's queues.
struct Hold {};
/// Take what comes again.
struct Proceed {};
/// Another process has the listening sockets now: forget them, and take nothing from their queues; those of TCP, or
/// all, which takes Hold first.
struct LeaveStreams {};
struct LeaveListeners {};
/// Accept also from this listener of a process that went before, as long as its handshakes may take.
struct AcceptInherited {
  std::shared_ptr<ListenSocket> socket;
};
/// Part with the UDP flows, or with as many connections as can be had; add them to what is gathered.
struct GiveFlows {
  std::shared_ptr<Gathering<HandedFlow>> gathering;
};
struct GiveConnections {
  std::shared_ptr<Gathering<HandedConnection>> gathering;
};
/// Go on with what another process has carried. `state`: as for Adoption.
struct TakeFlow {
  std::shared_ptr<ListenSocket> socket;
  std::shared_ptr<HandedFlow> flow;
};
struct TakeConnection {
  std::shared_ptr<ServedPort> port;
  PortState state;
  std::shared_ptr<HandedConnection> connection;
};
/// Say once when no connection is left.
struct ReportIdle {};
/// Reset every connection.
struct CancelAll {};
/// Reset every connection, close every listener, and end the thread.
struct Quit {};

using Command = std::variant<Listen, Unlisten, UseState, Forget, Adopt, UseOptions, ListConnections, Hold, Proceed,
                             LeaveStreams, LeaveListeners, AcceptInherited, GiveFlows, GiveConnections, TakeFlow,
                             TakeConnection, ReportIdle, CancelAll, Quit>;
/// A large cluster makes tens of thousands of them at a time, which a vector would move each time it grows.
using Commands = std::deque<Command>;

}  // namespace ferry::proxy
