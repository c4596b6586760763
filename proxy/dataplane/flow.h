#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "config/backend_set.h"
#include "proxy/dataplane/command.h"
#include "proxy/dataplane/frontend.h"
#include "proxy/dataplane/served_port.h"
#include "proxy/relay/intrusive_list.h"
#include "proxy/relay/socket_address.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

struct Flow;
struct HandedFlow;

/// A service address that datagrams come to, as the worker that owns its socket sees it.
struct DatagramService {
  std::shared_ptr<ListenSocket> socket;
  std::shared_ptr<WorkerPort> port;
  std::shared_ptr<const Frontend> frontend;
  std::unordered_map<Peer, Flow*> flows;
};

/// One client's datagrams to one service address, and the answers: UDP's nearest thing to a connection.
struct Flow : ListHook {
  using TimePoint = std::chrono::steady_clock::time_point;

  DatagramService* service = nullptr;
  Peer client;
  SetChoice choice;
  /// Never null while it is open.
  WorkerEndpoint* endpoint = nullptr;
  /// Talks to the backend alone.
  UniqueFd upstream;
  /// When a datagram last passed, either way.
  TimePoint last;
  std::uint64_t requests = 0;
  std::uint64_t answers = 0;
  /// Requests since the last answer.
  std::uint64_t outstanding = 0;
  /// The only request without an answer, while there is just one: should its backend turn out to be closed, another
  /// gets it.
  std::vector<char> unanswered;
  bool has_unanswered = false;
  bool closed = false;

  const config::Backend& backend() const { return endpoint->record->endpoint; }
};

/// Everything by which another process goes on with a flow, its socket among it, which nobody must watch any more.
HandedFlow hand_over(Flow& flow, Flow::TimePoint now);
/// Makes a new flow what it was in the process that handed it over. Neither watched nor counted yet.
void resume(Flow& flow, HandedFlow handed, DatagramService& service, Flow::TimePoint now);

}  // namespace ferry::proxy
