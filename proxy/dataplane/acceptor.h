#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include "proxy/dataplane/carrier.h"
#include "proxy/dataplane/command.h"
#include "proxy/dataplane/header_reader.h"
#include "proxy/dataplane/served_port.h"
#include "proxy/dataplane/worker_counters.h"
#include "proxy/relay/poller.h"

namespace ferry::proxy {

/// One worker's side of the listening sockets, which all workers share. Everything it is constructed with outlives it.
///
/// Each worker watches them with EPOLLEXCLUSIVE, so a connection wakes one worker. The kernel wakes the one that has
/// watched longest; a worker that has accepted therefore watches anew, which makes it the last in line. That does not
/// help against a burst that one worker finds before the others have run, so what it accepts is offered to them.
///
/// When the process is short of descriptors or memory, accepting from that socket pauses, with back-off: connections
/// wait in the kernel's queue. If the shortage stands after the pause, a reserve descriptor is given up to accept what
/// is waiting and reset it, so that clients learn of it.
class Acceptor {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Watch {
    std::shared_ptr<ListenSocket> socket;
    /// Without a port: it depends on the address the connection was made to.
    Target target;
    bool paused = false;
    /// Connections to look for before the next turn: what the last turns found.
    int batch = 1;
  };

  /// Asked for each connection accepted; true when it was given to another worker.
  using Offer = std::function<bool(UniqueFd&, const Arrival&, const WorkerPort&)>;
  /// Told of a socket that this worker was the last to accept from, after it was closed.
  using Closed = std::function<void(const ListenSocket&)>;

  static constexpr std::chrono::milliseconds kFirstPause{10};
  static constexpr std::chrono::milliseconds kLongestPause{1000};
  /// Handshakes that were under way when their address was given up complete within this time, or not at all.
  static constexpr std::chrono::seconds kHandshakeTime{10};
  /// How long a connection waits to be told whose it is, and how many may.
  static constexpr std::chrono::seconds kEarlyTime{5};
  static constexpr std::size_t kMostEarly = 1024;

  /// `alone`: there is no other worker, and nothing is offered.
  Acceptor(Poller& poller, Carrier& carrier, HeaderReader& headers, WorkerCounters& counters, bool alone, Offer offer,
           Closed closed);

  /// Accepts from this worker's own listener what comes to addresses that have none of their own.
  void listen_on(UniqueFd listener);

  /// Accepts from the socket for that service port, by that frontend's rules; for one already watched they are what
  /// was given last. Of a socket without a descriptor, it accepts what comes to its address by its own listeners.
  void listen(const std::shared_ptr<ListenSocket>& socket, const std::shared_ptr<WorkerPort>& port,
              const std::shared_ptr<const Frontend>& frontend);
  /// Stops. The last worker to do so takes what has completed its handshake and closes the socket. Must not be called
  /// while events of the turn are still to be told.
  void unlisten(ListenSocket& socket, TimePoint now);

  /// Leaves what comes in the kernel's queues until proceed(). Must not be called while events of the turn are still to
  /// be told.
  void hold();
  void proceed();
  /// Forgets every listening socket, and takes nothing from their queues: another process has them too. Must not be
  /// called while events of the turn are still to be told.
  void leave_listeners();
  /// Accepts also from this listener of a process whose place this one takes, as long as handshakes that began there
  /// may take.
  void accept_inherited(const std::shared_ptr<ListenSocket>& socket, TimePoint now);

  void ready(Watch& watch, TimePoint now);
  /// Goes on with a connection whose header was read.
  void go_on(UniqueFd client, const Target& target, const Peer& peer, TimePoint now) {
    hand_on(target, std::move(client), peer, Sharing::kOffered, now);
  }
  /// All the worker was told has been done, the service ports' states among it.
  void finish_commands(TimePoint now);

  std::optional<TimePoint> next_deadline() const;
  void finish_turn(TimePoint now);

 private:
  enum class Outcome : std::uint8_t { kAccepted, kEmpty, kTryAgain, kShortage, kFailed };

  /// What comes to an address that has no socket of its own.
  struct Captured {
    Target target;
    /// Given up then: what was under way goes where it would have gone before.
    std::optional<TimePoint> given_up;
  };

  /// A connection to an address that the kernel was told of and this worker was not yet.
  struct Early {
    UniqueFd client;
    sockaddr_storage peer;
    ListenAddress at;
    TimePoint until;
  };

  /// Whether another worker may get the connection. Not when its address is given up: the others may go by what comes
  /// after already.
  enum class Sharing : std::uint8_t { kOffered, kKept };

  Outcome accept_one(Watch& watch, TimePoint now, Sharing sharing = Sharing::kOffered);
  void take(const Target& target, UniqueFd client, const sockaddr_storage& peer, Sharing sharing, TimePoint now);
  void hand_on(const Target& target, UniqueFd client, const Peer& peer, Sharing sharing, TimePoint now);
  void take_captured(UniqueFd client, const sockaddr_storage& peer, Sharing sharing, TimePoint now);
  void reset_late(TimePoint now);
  void give_up(ListenSocket& socket, TimePoint now);
  void forget_given_up(TimePoint now);
  Watch& add_own(const std::shared_ptr<ListenSocket>& socket);
  void close_inherited(TimePoint now);
  void watch_socket(Watch& watch);
  void shortage(Watch& watch, TimePoint now);
  bool shed_one(int listener);
  void drain(Watch& watch, TimePoint now);

  Poller& poller_;
  Carrier& carrier_;
  HeaderReader& headers_;
  WorkerCounters& counters_;
  bool alone_;
  Offer offer_;
  Closed closed_;
  std::unordered_map<const ListenSocket*, std::unique_ptr<Watch>> watches_;
  /// Its own listeners, and those it has inherited.
  std::vector<Watch*> own_;
  /// When each inherited listener is closed; the earliest first.
  std::deque<std::pair<TimePoint, const ListenSocket*>> inherited_;
  bool held_ = false;
  std::unordered_map<ListenAddress, Captured> captured_;
  /// The earliest first; some are taken up again since.
  std::deque<std::pair<TimePoint, ListenAddress>> given_up_;
  /// The first come first.
  std::deque<Early> early_;
  UniqueFd reserve_;
  std::vector<const ListenSocket*> paused_;
  std::optional<TimePoint> resume_at_;
  /// Zero while there is no shortage.
  std::chrono::milliseconds pause_{0};
};

}  // namespace ferry::proxy
