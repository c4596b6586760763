#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/balancer/affinity_table.h"
#include "proxy/dataplane/dataplane_options.h"
#include "proxy/dataplane/flow.h"
#include "proxy/dataplane/flow_budget.h"
#include "proxy/dataplane/flow_dialler.h"
#include "proxy/dataplane/worker_counters.h"
#include "proxy/relay/datagram_batch.h"
#include "proxy/relay/intrusive_list.h"
#include "proxy/relay/poller.h"

namespace ferry::proxy {

/// The UDP flows of one worker, for the service addresses that it owns: each address has one socket, which one worker
/// reads, so that a client's datagrams stay in order. A flow has one socket towards its backend, and answers leave from
/// the service's own. Everything it is constructed with outlives it.
///
/// A flow ends when nothing has passed for the idle timeout; one whose service port says how many answers a request
/// gets, when it has them all and a second has passed. At the bound on flows those with all their answers give way
/// first, the oldest before others.
///
/// A backend that has gone, or whose host says that nobody listens (ECONNREFUSED), loses its flows to another at once.
class DatagramCarrier {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  /// Told of a service address's socket after it was closed.
  using Closed = std::function<void(const ListenSocket&)>;

  /// How long a flow with all its answers stays, for a client that asks again or a packet that was sent twice.
  static constexpr std::chrono::seconds kAnsweredTime{1};
  /// Larger requests are not kept to be sent again.
  static constexpr std::size_t kLargestKept = 4096;

  DatagramCarrier(Poller& poller, WorkerCounters& counters, AffinityTable& affinity, FlowBudget& budget,
                  const DataplaneOptions& options, Closed closed);
  ~DatagramCarrier();
  DatagramCarrier(const DatagramCarrier&) = delete;
  DatagramCarrier& operator=(const DatagramCarrier&) = delete;

  /// Carries what comes to the socket for that service port, by that frontend's rules; for one already read they are
  /// what was given last, and flows end where the service port is another.
  void listen(const std::shared_ptr<ListenSocket>& socket, const std::shared_ptr<WorkerPort>& port,
              const std::shared_ptr<const Frontend>& frontend);
  /// Ends the flows and closes the socket. Must not be called while events of the turn are still to be told.
  void unlisten(const ListenSocket& socket);
  /// The service port goes by another state now: flows whose backend is gone get another.
  void state_changed(WorkerPort& port, TimePoint now);

  /// Leaves what comes to service addresses in the kernel's queues until proceed(). Must not be called while events of
  /// the turn are still to be told.
  void hold();
  void proceed();
  /// Parts with every flow. While held.
  std::vector<HandedFlow> give_flows(TimePoint now);
  /// Goes on with a flow of another process that came to the socket.
  void take_flow(const ListenSocket& socket, HandedFlow handed, TimePoint now);
  /// Forgets every socket without closing it: another process has them too. Once every flow was given.
  void leave_services();

  void service_ready(DatagramService& service, TimePoint now);
  void flow_ready(Flow& flow, TimePoint now);

  /// Frees what was closed during the turn, for which late events may have come.
  void finish_turn();
  void act_on_deadlines(TimePoint now);
  std::optional<TimePoint> next_deadline();

  void close_all();

 private:
  Flow* flow_of(DatagramService& service, const Peer& client, TimePoint now);
  Flow* open_flow(DatagramService& service, const Peer& client, TimePoint now);
  bool make_room();

  void pass_requests(Flow& flow, std::size_t first, std::size_t count, TimePoint now);
  void pass_answers(Flow& flow, TimePoint now);
  void keep(Flow& flow, std::string_view request);
  void note_passed(Flow& flow, TimePoint now);

  /// The backend did not want what it was sent last.
  void refused(Flow& flow, TimePoint now);
  void assign(DatagramService& service, const std::shared_ptr<WorkerPort>& port);
  void unassign(DatagramService& service);
  void reconsider(DatagramService& service, TimePoint now);
  void reconsider(Flow& flow, TimePoint now);
  void watch_service(DatagramService& service);

  void close_flows(DatagramService& service);
  void close(Flow& flow);

  Poller& poller_;
  WorkerCounters& counters_;
  FlowBudget& budget_;
  const DataplaneOptions& options_;
  FlowDialler dialler_;
  Closed socket_closed_;
  DatagramBatch batch_;
  std::unordered_map<const ListenSocket*, std::unique_ptr<DatagramService>> services_;
  /// A change of one service port's state must not cost a look at all.
  std::unordered_map<const WorkerPort*, std::vector<DatagramService*>> services_of_port_;
  /// Least recently active first.
  IntrusiveList<Flow> active_;
  IntrusiveList<Flow> answered_;
  IntrusiveList<Flow> closed_;
  bool held_ = false;
};

}  // namespace ferry::proxy
