#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy/dataplane/acceptor.h"
#include "proxy/dataplane/carrier.h"
#include "proxy/dataplane/datagram_carrier.h"
#include "proxy/dataplane/dataplane_options.h"
#include "proxy/dataplane/mailbox.h"
#include "proxy/dataplane/worker_counters.h"
#include "proxy/relay/poller.h"
#include "proxy/relay/relay_resources.h"

namespace ferry::proxy {

/// What a worker tells the control thread. Called on the worker's thread.
struct WorkerReports {
  Acceptor::Closed listener_closed;
  /// After ReportIdle: no connection is left, and `cancelled` were reset by CancelAll.
  std::function<void(std::size_t cancelled)> idle;
};

/// One thread that carries connections. It does what its mailbox says, and shares nothing with the other workers but
/// listening sockets and atomic numbers. When it accepts while it has clearly more connections than another, that one
/// gets the new one. `affinity` and `flows` outlive it.
class Worker {
 public:
  /// Throws std::system_error when the system refuses a descriptor.
  Worker(std::size_t index, const DataplaneOptions& options, AffinityTable& affinity, FlowBudget& flows,
         WorkerReports reports);
  /// Quits and joins.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Throws std::system_error when the system refuses a thread.
  void start();
  /// All workers, this one included; before start(). They must live until every one of them has quit.
  void meet(std::vector<Worker*> workers) { workers_ = std::move(workers); }
  /// Takes nothing of what comes until told to proceed; before start().
  void hold() {
    acceptor_.hold();
    datagrams_.hold();
  }
  /// Accepts from a listener of its own; before start().
  void listen_on(UniqueFd listener) { acceptor_.listen_on(std::move(listener)); }
  void post(Mailbox::Batch commands) { mailbox_.post(std::move(commands)); }
  /// One more connection is on its way to this worker by TakeConnection. Safe from any thread.
  void await_connection() { awaited_.fetch_add(1, std::memory_order_relaxed); }
  /// Ends the thread. May be called twice.
  void quit();

  /// Adds this worker's numbers. Safe from any thread.
  void add_to(DataplaneTotals& totals) const;
  std::uint64_t batches_done() const { return counters_.batches_done.value(); }

 private:
  void run();
  /// Does the work with datagrams; where memory is short in the midst of it, one is lost.
  template <typename Work>
  void with_memory(Work work);
  /// Takes a connection; where memory is short in the midst of it, that one is ended.
  template <typename Work>
  void with_connection_memory(Work work);
  void tell(const epoll_event& event, std::chrono::steady_clock::time_point now);
  void listen(const Listen& command);
  void unlisten(const Unlisten& command, std::chrono::steady_clock::time_point now);
  void use(const RuntimeOptions& options);
  void obey_commands(std::chrono::steady_clock::time_point now);
  void give_connections(Gathering<HandedConnection>& gathering, std::chrono::steady_clock::time_point now);
  void list_connections(ConnectionListing& listing, std::chrono::steady_clock::time_point now);
  void report_idle();
  /// Connections it has, and will have.
  std::uint64_t load() const;
  bool offer(UniqueFd& client, const Arrival& arrival, const WorkerPort& port);
  void adopt(Adoption& adoption, std::chrono::steady_clock::time_point now);
  std::optional<std::chrono::steady_clock::time_point> next_deadline();
  const std::shared_ptr<WorkerPort>& port_of(const std::shared_ptr<ServedPort>& port);
  /// Also of one that was forgotten, whose last state is this.
  std::shared_ptr<WorkerPort> port_or_former(const std::shared_ptr<ServedPort>& port, const PortState& state) const;

  std::size_t index_;
  /// What all below go by; changed by this thread alone, between turns.
  DataplaneOptions options_;
  WorkerReports reports_;
  WorkerCounters counters_;
  RelayResources resources_;
  Mailbox mailbox_;
  Poller poller_;
  Carrier carrier_;
  HeaderReader headers_;
  Acceptor acceptor_;
  DatagramCarrier datagrams_;
  std::unordered_map<const ServedPort*, std::shared_ptr<WorkerPort>> ports_;
  std::vector<Worker*> workers_;
  /// Connections given to this worker that it has not taken yet.
  std::atomic<std::uint32_t> awaited_{0};
  /// Turns in a row that had no room for more events.
  std::size_t full_turns_ = 0;
  std::size_t cancelled_ = 0;
  bool mail_ = false;
  bool report_when_idle_ = false;
  bool quitting_ = false;
  std::thread thread_;
};

}  // namespace ferry::proxy
