#include "proxy/dataplane/flow_dialler.h"

#include <utility>

#include <sys/socket.h>

#include "proxy/balancer/dial_plan.h"
#include "proxy/relay/udp_socket.h"

namespace ferry::proxy {

std::unique_ptr<Flow> FlowDialler::dial(DatagramService& service, const Peer& client, TimePoint now,
                                        const MakeRoom& make_room) {
  WorkerPort& port = *service.port;
  const PortState& state = port.state;
  auto flow = std::make_unique<Flow>();
  flow->service = &service;
  flow->client = client;
  flow->choice = choose_set(*service.frontend, state, client.address);
  flow->last = now;
  const config::BackendSet& set = state.set(flow->choice);
  const AffinityTable::Key key{port.shared->id(), client.address};
  const bool sticky = state.affinity > std::chrono::seconds{0};
  const auto former = sticky ? affinity_.find(key, state.affinity, now) : std::nullopt;
  std::optional<std::size_t> position = former ? position_of(set, *former) : std::nullopt;
  if (!position) position = choose(port, flow->choice, client, now);
  bool made_room = false;
  for (std::size_t tries = 0; position && tries < set.backends.size(); ++tries) {
    const config::Backend& backend = set.backends[(*position + tries) % set.backends.size()];
    SocketResult socket = connect_datagrams(backend.address, backend.port);
    if (socket.error != 0 && !made_room && classify_dial_error(socket.error) == DialFailure::kLocalShortage) {
      made_room = make_room();
      if (made_room) socket = connect_datagrams(backend.address, backend.port);
    }
    if (socket.error == 0) {
      if (sticky) affinity_.remember(key, backend, now);
      flow->endpoint = &port.endpoint(backend);
      flow->endpoint->try_open(0);
      flow->upstream = std::move(socket.fd);
      return flow;
    }
    counters_.dial_failures[static_cast<std::size_t>(counters_.dial_failed(socket.error))].add();
  }
  return nullptr;
}

std::optional<std::size_t> FlowDialler::choose(WorkerPort& port, SetChoice choice, const Peer& client, TimePoint now) {
  const config::BackendSet& set = port.state.set(choice);
  if (set.empty()) return std::nullopt;
  const PickContext context = port.pick_context(choice, client.address, random_, now);
  std::size_t position = 0;
  for (unsigned draw = 0; draw < kMostDraws; ++draw) {
    position = port.shared->balancer(choice).pick(set, context, draw);
    if (!port.shared->ejections().leaves_out(set.backends[position], now)) break;
  }
  return position;
}

bool FlowDialler::redirect(Flow& flow, const config::Backend& backend, TimePoint now) {
  if (const int error = reconnect_datagrams(flow.upstream.get(), backend.address, backend.port); error != 0) {
    counters_.dial_failures[static_cast<std::size_t>(counters_.dial_failed(error))].add();
    return false;
  }
  WorkerEndpoint& endpoint = flow.service->port->endpoint(backend);
  endpoint.try_open(0);
  endpoint.counters->retried.add();
  std::exchange(flow.endpoint, &endpoint)->closed();
  flow.service->port->counters.retried.add();
  counters_.flows.retried.add();
  const PortState& state = flow.service->port->state;
  if (state.affinity > std::chrono::seconds{0}) {
    affinity_.remember({flow.service->port->shared->id(), flow.client.address}, backend, now);
  }
  // Once: were it refused here too, each of many endpoints would be asked in turn.
  if (std::exchange(flow.has_unanswered, false)) {
    static_cast<void>(
        ::send(flow.upstream.get(), flow.unanswered.data(), flow.unanswered.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }
  return true;
}

}  // namespace ferry::proxy
