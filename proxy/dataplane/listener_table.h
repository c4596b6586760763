#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <spdlog/logger.h>

#include "proxy/capture/capture.h"
#include "proxy/dataplane/command.h"
#include "proxy/dataplane/dataplane_options.h"
#include "proxy/dataplane/dataplane_snapshot.h"

namespace ferry::proxy {

/// Decides which service port listens where, and has the sockets opened and closed accordingly. It writes what the
/// workers must do into the commands it is handed. For the control thread; time is brought by the caller.
class ListenerTable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `options` and `capture` outlive it.
  ListenerTable(const DataplaneOptions& options, Capture& capture, std::shared_ptr<spdlog::logger> logger);

  /// The service port is reached at the frontend's address, by its rules. The first to claim an address has it until
  /// it releases it. May be repeated, with other rules or to have a failed listener tried again.
  void claim(const Frontend& frontend, const std::shared_ptr<ServedPort>& port);
  void release(const ListenAddress& at, const ServedPort& port);
  /// Acts on the claims and releases since the last call.
  void settle(TimePoint now, Commands& commands);

  /// The workers have closed the socket they were told to leave.
  void closed(const ListenAddress& at, TimePoint now, Commands& commands);
  /// Tries the failed listeners again whose time has come.
  void retry(TimePoint now, Commands& commands);
  std::optional<TimePoint> next_retry() const;

  /// Copies of the sockets that are open, each with its address.
  std::vector<HandedSocket> bequeath() const;
  /// Opens what is claimed from now on; until then, with DataplaneOptions::heir, nothing is.
  void begin() { begun_ = true; }
  /// The socket at an address; null: none.
  std::shared_ptr<ListenSocket> socket_at(const ListenAddress& at) const;

  /// Closes every TCP listener and opens no socket from now on. UDP, which has nothing to drain, is carried to the end.
  void stop(Commands& commands);

  /// The same where somebody else has the TCP listeners too: they are left to him as they are.
  void leave_streams();

  /// The workers are gone: closes every socket at once.
  void abandon();

  std::size_t open_count() const { return open_count_; }
  std::size_t closing_count() const { return closing_count_; }
  std::uint64_t failures() const { return failures_; }
  std::vector<UnservedAddress> unserved() const;

 private:
  struct Claim {
    std::shared_ptr<ServedPort> port;
    std::shared_ptr<const Frontend> frontend;
  };
  struct Slot {
    /// The first has the address.
    std::vector<Claim> claims;
    std::shared_ptr<ListenSocket> socket;
    /// What the workers were told of the socket.
    const ServedPort* target = nullptr;
    std::shared_ptr<const Frontend> frontend;
    /// The workers still have the former socket.
    bool closing = false;
    /// The whole address, said to be a service's.
    bool owned = false;
    /// Why it could not be opened; 0 when it was not refused.
    int error = 0;
    std::chrono::milliseconds back_off{0};
    TimePoint retry_at;
  };

  void settle_one(const ListenAddress& at, TimePoint now, Commands& commands);
  void open_socket(const ListenAddress& at, Slot& slot, TimePoint now, Commands& commands);
  void redirect_socket(Slot& slot, Commands& commands);
  void admit(const Slot& slot, const Admission& admission);
  void close_socket(Slot& slot, Commands& commands);
  void let_go_of(const ListenAddress& at, Slot& slot);
  void note_failure(const ListenAddress& at, Slot& slot, int error, TimePoint now);
  void note_trouble(const ListenAddress& at, const Slot& slot);

  const DataplaneOptions& options_;
  Capture& capture_;
  std::shared_ptr<spdlog::logger> logger_;
  std::unordered_map<ListenAddress, Slot> slots_;
  std::vector<ListenAddress> touched_;
  /// Slots that failed to open or have more than one claim.
  std::set<ListenAddress> troubled_;
  /// The worker that owns the next UDP socket.
  std::size_t next_owner_ = 0;
  std::size_t open_count_ = 0;
  std::size_t closing_count_ = 0;
  std::uint64_t failures_ = 0;
  bool begun_;
  bool stopped_ = false;
};

}  // namespace ferry::proxy
