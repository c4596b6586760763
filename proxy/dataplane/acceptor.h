#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proxy/dataplane/carrier.h"
#include "proxy/dataplane/command.h"
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
    std::shared_ptr<WorkerPort> port;
    std::shared_ptr<const Frontend> frontend;
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

  /// `alone`: there is no other worker, and nothing is offered.
  Acceptor(Poller& poller, Carrier& carrier, WorkerCounters& counters, bool alone, Offer offer, Closed closed);

  /// Accepts from the socket for that service port, by that frontend's rules; for one already watched they are what
  /// was given last.
  void listen(const std::shared_ptr<ListenSocket>& socket, const std::shared_ptr<WorkerPort>& port,
              const std::shared_ptr<const Frontend>& frontend);
  /// Stops. The last worker to do so takes what has completed its handshake and closes the socket. Must not be called
  /// while events of the turn are still to be told.
  void unlisten(ListenSocket& socket, TimePoint now);

  void ready(Watch& watch, TimePoint now);

  std::optional<TimePoint> next_deadline() const { return resume_at_; }
  void finish_turn(TimePoint now);

 private:
  enum class Outcome : std::uint8_t { kAccepted, kEmpty, kTryAgain, kShortage, kFailed };

  Outcome accept_one(Watch& watch, TimePoint now);
  void watch_socket(Watch& watch);
  void shortage(Watch& watch, TimePoint now);
  bool shed_one(int listener);
  void drain(Watch& watch, TimePoint now);

  Poller& poller_;
  Carrier& carrier_;
  WorkerCounters& counters_;
  bool alone_;
  Offer offer_;
  Closed closed_;
  std::unordered_map<const ListenSocket*, std::unique_ptr<Watch>> watches_;
  UniqueFd reserve_;
  std::vector<const ListenSocket*> paused_;
  std::optional<TimePoint> resume_at_;
  /// Zero while there is no shortage.
  std::chrono::milliseconds pause_{0};
};

}  // namespace ferry::proxy
