#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "proxy/dataplane/served_port.h"
#include "proxy/dataplane/worker_counters.h"
#include "proxy/relay/intrusive_list.h"
#include "proxy/relay/poller.h"
#include "proxy/relay/socket_address.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// Where a connection goes, as one worker sees it.
struct Target {
  std::shared_ptr<WorkerPort> port;
  std::shared_ptr<const Frontend> frontend;
};

/// The connections of one worker that must say first for whom they are made (proxy_protocol.h). One that says something
/// else, too much, or nothing in time is reset and counted. Everything it is constructed with outlives it.
class HeaderReader {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// A connection whose header was read: `client` is who it is made for.
  using Done = std::function<void(UniqueFd, const Target&, const Peer& client, TimePoint)>;

  static constexpr std::chrono::seconds kPatience{3};
  /// Beyond this the one that has waited longest is given up.
  static constexpr std::size_t kMostWaiting = 4096;

  struct Waiting : ListHook {
    UniqueFd fd;
    Target target;
    Peer peer;
    TimePoint until;
    bool closed = false;
  };

  HeaderReader(Poller& poller, WorkerCounters& counters, Done done);
  ~HeaderReader();
  HeaderReader(const HeaderReader&) = delete;
  HeaderReader& operator=(const HeaderReader&) = delete;

  void take(UniqueFd client, const Target& target, const Peer& peer, TimePoint now);
  void ready(Waiting& waiting, TimePoint now);

  void act_on_deadlines(TimePoint now);
  std::optional<TimePoint> next_deadline();
  /// Frees what has ended during the turn, for which late events may have come.
  void finish_turn();

  std::size_t size() const { return size_; }
  void reset_all();

 private:
  void give_up(Waiting& waiting);
  void end(Waiting& waiting);

  Poller& poller_;
  WorkerCounters& counters_;
  Done done_;
  /// The first come first.
  IntrusiveList<Waiting> waiting_;
  IntrusiveList<Waiting> ended_;
  std::size_t size_ = 0;
};

}  // namespace ferry::proxy
