#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <spdlog/logger.h>

#include "config/service_port_info.h"
#include "proxy/dataplane/connection_listing.h"
#include "proxy/dataplane/dataplane_options.h"
#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/dataplane/frontend.h"
#include "proxy/dataplane/handed.h"
#include "proxy/dataplane/served_port.h"

namespace ferry::proxy {

/// Captures service addresses and carries the connections made to them.
///
/// Belongs to the control thread: every function but snapshot() is called there, and `control` runs its handlers
/// there. The executor's context must run while a listener waits for its retry or a drain is under way, and must
/// outlive the Dataplane.
///
/// Each service port is captured (capture.h) at each of its frontends (frontend.h): by a listening socket for each,
/// shared by all workers, or by those that each worker has for all; UDP's is owned by one worker. Where connections are
/// to be refused there is none. Of two service ports that claim the
/// same address and port, the first keeps it and the other takes over when it goes. A listener that cannot be opened is
/// logged once, shows in snapshot().unserved, and is tried again with back-off and on every later change of its service
/// port.
class Dataplane {
 public:
  struct DrainResult {
    /// Connections that were still open at the deadline, and were reset.
    std::size_t cancelled = 0;
  };

  /// `logger` null: spdlog's default logger. Throws std::runtime_error where sk_lookup is asked for and cannot be had.
  Dataplane(boost::asio::any_io_executor control, DataplaneOptions options,
            std::shared_ptr<spdlog::logger> logger = nullptr);
  /// Stops, where that was not done.
  ~Dataplane();
  Dataplane(const Dataplane&) = delete;
  Dataplane& operator=(const Dataplane&) = delete;

  /// Starts the workers. Throws std::system_error when the system refuses a thread or a descriptor.
  void start();

  /// Follows the changes. The cost is in proportion to the change; workers see each service port's backends either as
  /// before or as after. Carried connections are never disturbed.
  void apply(const std::vector<config::ServicePortChange>& changes);

  /// The node has these addresses and neighbours now. What is served at an address that it keeps is not touched.
  void move_to(NodeView node);

  /// Goes by these options from now on: what is looked at next goes by them, carried connections among it.
  void use(RuntimeOptions options);

  /// A connection that went there past this dataplane was not taken: the endpoint is left out by those that are carried
  /// here, as though they had met it.
  void suspect(const config::ServicePortName& name, const config::Backend& endpoint, EjectionCause cause);
  /// An endpoint of the service port is left out, or being tried.
  bool suspects(const config::ServicePortName& name) const;

  /// To take another process's place, with DataplaneOptions::heir. It goes in this order: start(), apply() until what
  /// there is to serve is known, inherit(), take_affinities() and take_flow(), take_effect(), take_connection().
  ///
  /// Opens what is to be served, by the sockets of the other process where it had them. Workers take nothing yet, while
  /// the other still may.
  void inherit(Inheritance inheritance);
  void take_affinities(const std::vector<HandedAffinity>& affinities);
  void take_flow(HandedFlow flow);
  /// From now on what comes is taken here. Throws std::runtime_error when the capture fails.
  void take_effect();
  void take_connection(HandedConnection connection);

  /// To have another process take this one's place: bequeath(), hold(), leave_listeners(), give_connections(), in this
  /// order; resume() instead of the last two should it fail.
  ///
  /// Capture::name().
  std::string_view capture_name() const;
  /// Copies of every descriptor by which connections come.
  std::vector<HandedSocket> sockets() const;
  /// The same, and the method of capture. What is applied from now on waits for resume().
  Inheritance bequeath();
  struct Held {
    std::vector<HandedFlow> flows;
    std::vector<HandedAffinity> affinities;
  };
  /// What comes is left in the kernel's queues. `done` gets the UDP flows, through the control executor.
  void hold(std::function<void(Held)> done);
  /// All goes on as before bequeath(). Flows that were given are lost unless take_flow() brings them back.
  void resume();
  /// Closes the listening sockets, which the other process has, without taking anything from their queues. `done` is
  /// called through the control executor.
  void leave_listeners(std::function<void()> done);
  /// Has each worker part with up to `most` of its connections. `done` gets them through the control executor, and how
  /// many are left: those being dialled or with bytes in a pipe, which may be had later, and those beyond `most`.
  /// take_connection() takes back what the other process could not take.
  void give_connections(std::size_t most,
                        std::function<void(std::vector<HandedConnection> given, std::size_t left)> done);

  /// Closes every TCP listener, and opens no socket from now on. Carried connections go on, and so does UDP, until
  /// stop(). Nobody that completed its handshake is reset: each is taken still.
  void stop_accepting();
  /// The same where somebody else has copies of the listeners: whoever waits there is left to him.
  void leave_accepting();

  /// Calls `done` once, through the control executor: as soon as no connection is left, or at the deadline, when those
  /// that remain are reset. Needs stop_accepting() first.
  void drain(std::chrono::steady_clock::time_point deadline, std::function<void(DrainResult)> done);

  /// Closes everything at once and joins the workers. A drain that has not ended is forgotten. May be called twice.
  void stop();

  /// Batches of changes sent to the workers so far, and those that every worker has carried out. Safe from any thread,
  /// at a cost that does not depend on the service ports.
  struct Batches {
    std::uint64_t posted = 0;
    std::uint64_t done = 0;
  };
  Batches batches() const;

  /// Hands every worker a batch that says nothing, so that batches() shows whether all of them move.
  void nudge_workers();

  /// One service port for those who look at it closely.
  struct Port {
    std::shared_ptr<const ServedPort> served;
    /// Null: it was removed, and connections are left.
    std::shared_ptr<const config::ServicePortInfo> info;
  };
  /// All there are. Safe from any thread, like snapshot(), and cheaper: what is not asked for is not counted.
  std::vector<Port> ports() const;

  /// What all workers together did, and how many addresses should have a listener and have none. Safe from any thread,
  /// at a cost that does not depend on the service ports.
  struct Overview {
    DataplaneTotals totals;
    std::size_t unserved = 0;
  };
  Overview overview() const;

  /// Has every worker list its TCP connections; `done` is called on one of their threads once all have. Safe from any
  /// thread. Nothing comes of it once stop() was called.
  void list_connections(ConnectionListing::Wanted wanted, std::size_t most, ConnectionListing::Done done);

  /// Counters and state. Safe from any thread, at any time between construction and destruction.
  DataplaneSnapshot snapshot() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ferry::proxy
