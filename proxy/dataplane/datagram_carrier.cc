#include "proxy/dataplane/datagram_carrier.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "proxy/balancer/dial_plan.h"

namespace ferry::proxy {

namespace {

/// Batches read from one socket before the worker turns to the others.
constexpr int kBatchesATurn = 4;

bool has_all_answers(const Flow& flow) {
  const std::uint64_t each = flow.service->port->state.udp_responses;
  return each > 0 && flow.answers >= flow.requests * each;
}

/// The datagrams from `first` on that have one sender.
std::size_t run_length(const DatagramBatch& batch, std::size_t first) {
  const Peer sender = batch.sender(first);
  std::size_t end = first + 1;
  while (end < batch.size() && batch.sender(end) == sender) ++end;
  return end - first;
}

std::size_t bytes_in(const DatagramBatch& batch, std::size_t first, std::size_t count) {
  std::size_t bytes = 0;
  for (std::size_t index = first; index < first + count; ++index) bytes += batch.bytes(index).size();
  return bytes;
}

/// What a connected UDP socket reports of a datagram sent before: its host, or one on the way, did not want it.
bool is_refusal(int error) {
  switch (error) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENOPROTOOPT:
      return true;
    default:
      return false;
  }
}

}  // namespace

DatagramCarrier::DatagramCarrier(Poller& poller, WorkerCounters& counters, AffinityTable& affinity, FlowBudget& budget,
                                 const DataplaneOptions& options, Closed closed)
    : poller_(poller),
      counters_(counters),
      budget_(budget),
      options_(options),
      dialler_(counters, affinity),
      socket_closed_(std::move(closed)) {}

DatagramCarrier::~DatagramCarrier() {
  close_all();
  finish_turn();
}

void DatagramCarrier::listen(const std::shared_ptr<ListenSocket>& socket, const std::shared_ptr<WorkerPort>& port,
                             const std::shared_ptr<const Frontend>& frontend) {
  std::unique_ptr<DatagramService>& service = services_[socket.get()];
  if (service) {
    service->frontend = frontend;
    if (service->port != port) {
      close_flows(*service);
      unassign(*service);
      assign(*service, port);
    }
    return;
  }
  service = std::make_unique<DatagramService>(DatagramService{socket, nullptr, frontend, {}});
  assign(*service, port);
  if (!held_) watch_service(*service);
}

void DatagramCarrier::watch_service(DatagramService& service) {
  const int error = poller_.watch(service.socket->fd.get(), EPOLLIN, EventTag(EventTag::Kind::kService, &service));
  if (error != 0) {
    counters_.count_accept_error(error);
  }
}

void DatagramCarrier::hold() {
  held_ = true;
  for (const auto& [socket, service] : services_) poller_.unwatch(service->socket->fd.get());
}

void DatagramCarrier::proceed() {
  held_ = false;
  for (const auto& [socket, service] : services_) watch_service(*service);
}

std::vector<HandedFlow> DatagramCarrier::give_flows(TimePoint now) {
  std::vector<HandedFlow> handed;
  for (IntrusiveList<Flow>* const list : {&active_, &answered_}) {
    while (!list->empty()) {
      Flow& flow = list->front();
      poller_.unwatch(flow.upstream.get());
      handed.push_back(hand_over(flow, now));
      close(flow);
    }
  }
  finish_turn();
  return handed;
}

void DatagramCarrier::take_flow(const ListenSocket& socket, HandedFlow handed, TimePoint now) {
  const auto found = services_.find(&socket);
  if (found == services_.end() || found->second->flows.contains(handed.client) || !budget_.take()) return;
  DatagramService& service = *found->second;
  auto flow = std::make_unique<Flow>();
  resume(*flow, std::move(handed), service, now);
  if (poller_.watch(flow->upstream.get(), EPOLLIN, EventTag(EventTag::Kind::kFlow, flow.get())) != 0) {
    budget_.give_back();
    return;
  }
  flow->endpoint->try_open(0);
  service.flows.emplace(flow->client, flow.get());
  (has_all_answers(*flow) ? answered_ : active_).push_back(*flow);
  service.port->counters.accepted.add();
  counters_.flows.accepted.add();
  // Owned by the list it is in, from here until finish_turn() frees it.
  reconsider(*flow.release(), now);
}

void DatagramCarrier::leave_services() {
  services_of_port_.clear();
  services_.clear();
}

void DatagramCarrier::unlisten(const ListenSocket& socket) {
  const auto found = services_.find(&socket);
  if (found == services_.end()) {
    return;
  }
  const std::unique_ptr<DatagramService> service = std::move(found->second);
  services_.erase(found);
  close_flows(*service);
  finish_turn();
  unassign(*service);
  service->socket->fd.reset();
  socket_closed_(socket);
}

void DatagramCarrier::state_changed(WorkerPort& port, TimePoint now) {
  if (const auto found = services_of_port_.find(&port); found != services_of_port_.end()) {
    for (DatagramService* const service : found->second) reconsider(*service, now);
  }
  port.endpoints.keep_only([&port](const config::Backend& endpoint) { return is_in_use(port.state, endpoint); });
}

void DatagramCarrier::assign(DatagramService& service, const std::shared_ptr<WorkerPort>& port) {
  service.port = port;
  services_of_port_[port.get()].push_back(&service);
}

void DatagramCarrier::unassign(DatagramService& service) {
  const auto found = services_of_port_.find(service.port.get());
  std::erase(found->second, &service);
  if (found->second.empty()) services_of_port_.erase(found);
}

void DatagramCarrier::reconsider(DatagramService& service, TimePoint now) {
  std::vector<Flow*> flows;
  for (const auto& [client, flow] : service.flows) flows.push_back(flow);
  for (Flow* const flow : flows) reconsider(*flow, now);
}

void DatagramCarrier::reconsider(Flow& flow, TimePoint now) {
  WorkerPort& port = *flow.service->port;
  const config::BackendSet& set = port.state.set(flow.choice);
  if (position_of(set, flow.backend())) return;
  const auto position = dialler_.choose(port, flow.choice, flow.client, now);
  if (!position || !dialler_.redirect(flow, set.backends[*position], now)) close(flow);
}

void DatagramCarrier::service_ready(DatagramService& service, TimePoint now) {
  for (int round = 0; round < kBatchesATurn && batch_.receive(service.socket->fd.get()) == 0; ++round) {
    for (std::size_t first = 0; first < batch_.size();) {
      const std::size_t count = run_length(batch_, first);
      if (Flow* const flow = flow_of(service, batch_.sender(first), now)) {
        pass_requests(*flow, first, count, now);
      } else {
        counters_.datagrams_dropped.add(count);
      }
      first += count;
    }
    if (batch_.size() < DatagramBatch::kRoom) {
      return;
    }
  }
}

Flow* DatagramCarrier::flow_of(DatagramService& service, const Peer& client, TimePoint now) {
  const auto found = service.flows.find(client);
  return found != service.flows.end() ? found->second : open_flow(service, client, now);
}

Flow* DatagramCarrier::open_flow(DatagramService& service, const Peer& client, TimePoint now) {
  if (!budget_.take() && !(make_room() && budget_.take())) {
    return nullptr;
  }
  std::unique_ptr<Flow> flow;
  bool open = false;
  try {
    flow = dialler_.dial(service, client, now, [this] { return make_room(); });
    open = flow && poller_.watch(flow->upstream.get(), EPOLLIN, EventTag(EventTag::Kind::kFlow, flow.get())) == 0;
    if (open) service.flows.emplace(client, flow.get());
  } catch (const std::bad_alloc&) {
    open = false;
  }
  if (!open) {
    if (flow) flow->endpoint->closed();
    budget_.give_back();
    service.port->counters.failed.add();
    counters_.flows.failed.add();
    return nullptr;
  }
  active_.push_back(*flow);
  service.port->counters.accepted.add();
  counters_.flows.accepted.add();
  // Owned by the list it is in, from here until finish_turn() frees it.
  return flow.release();
}

bool DatagramCarrier::make_room() {
  IntrusiveList<Flow>& oldest = answered_.empty() ? active_ : answered_;
  if (oldest.empty()) {
    return false;
  }
  counters_.flows_evicted.add();
  close(oldest.front());
  return true;
}

void DatagramCarrier::pass_requests(Flow& flow, std::size_t first, std::size_t count, TimePoint now) {
  const std::size_t end = first + count;
  for (int refusals = 0; first < end;) {
    const DatagramBatch::Sent sent = batch_.send(flow.upstream.get(), first, end - first, nullptr);
    if (sent.count > 0) {
      const std::size_t bytes = bytes_in(batch_, first, sent.count);
      flow.requests += sent.count;
      flow.outstanding += sent.count;
      flow.service->port->counters.to_backend.add(bytes);
      flow.endpoint->counters->to_backend.add(bytes);
      counters_.flows.to_backend.add(bytes);
      keep(flow, batch_.bytes(first + sent.count - 1));
      first += sent.count;
    }
    if (sent.error == 0) {
      continue;
    }
    // A refusal tells of a datagram before; this one was not sent.
    if (is_refusal(sent.error) && refusals++ < 2) {
      refused(flow, now);
      if (flow.closed) return;
      continue;
    }
    counters_.datagrams_dropped.add();
    ++first;
  }
  note_passed(flow, now);
}

void DatagramCarrier::keep(Flow& flow, std::string_view request) {
  flow.has_unanswered = flow.outstanding == 1 && request.size() <= kLargestKept;
  if (flow.has_unanswered) flow.unanswered.assign(request.begin(), request.end());
}

void DatagramCarrier::flow_ready(Flow& flow, TimePoint now) {
  for (int round = 0; round < kBatchesATurn && !flow.closed; ++round) {
    const int error = batch_.receive(flow.upstream.get());
    if (is_refusal(error)) {
      refused(flow, now);
      continue;
    }
    if (error != 0) {
      return;
    }
    pass_answers(flow, now);
    if (batch_.size() < DatagramBatch::kRoom) {
      return;
    }
  }
}

void DatagramCarrier::pass_answers(Flow& flow, TimePoint now) {
  const SocketAddress client(flow.client.address, flow.client.port);
  const ListenSocket& socket = *flow.service->socket;
  const Peer service{socket.at.address, socket.at.port};
  flow.answers += batch_.size();
  flow.outstanding = 0;
  flow.has_unanswered = false;
  flow.service->port->shared->ejections().succeeded(flow.backend());
  for (std::size_t first = 0; first < batch_.size();) {
    const std::size_t rest = batch_.size() - first;
    const DatagramBatch::Sent sent = socket.answers >= 0
                                         ? batch_.send_as(socket.answers, service, first, rest, flow.client)
                                         : batch_.send(socket.fd.get(), first, rest, &client);
    const std::size_t bytes = bytes_in(batch_, first, sent.count);
    flow.service->port->counters.to_client.add(bytes);
    flow.endpoint->counters->to_client.add(bytes);
    counters_.flows.to_client.add(bytes);
    first += sent.count;
    if (sent.error != 0) {
      counters_.datagrams_dropped.add();
      ++first;
    }
  }
  note_passed(flow, now);
}

void DatagramCarrier::note_passed(Flow& flow, TimePoint now) {
  flow.last = now;
  (has_all_answers(flow) ? answered_ : active_).push_back(flow);
}

void DatagramCarrier::refused(Flow& flow, TimePoint now) {
  counters_.dial_failures[static_cast<std::size_t>(DialFailure::kRefused)].add();
  const WorkerPort& port = *flow.service->port;
  const config::BackendSet& set = port.state.set(flow.choice);
  if (set.empty()) {
    close(flow);
    return;
  }
  flow.endpoint->counters->failed.add();
  if (port.state.settings().ejection && port.shared->eject(flow.backend(), set, now, EjectionCause::kRefused)) {
    counters_.ejections.add();
  }
  const config::Backend& other = set.backends[position_after(set, flow.backend())];
  if (same_endpoint(other, flow.backend())) {
    flow.has_unanswered = false;
    return;
  }
  if (!dialler_.redirect(flow, other, now)) close(flow);
}

void DatagramCarrier::finish_turn() {
  while (!closed_.empty()) {
    const std::unique_ptr<Flow> freed(&closed_.front());
  }
}

void DatagramCarrier::act_on_deadlines(TimePoint now) {
  while (!answered_.empty() && now - answered_.front().last >= kAnsweredTime) {
    close(answered_.front());
  }
  while (!active_.empty() && now - active_.front().last >= options_.udp_idle_timeout) {
    close(active_.front());
  }
}

std::optional<DatagramCarrier::TimePoint> DatagramCarrier::next_deadline() {
  std::optional<TimePoint> next;
  if (!answered_.empty()) {
    next = answered_.front().last + kAnsweredTime;
  }
  if (!active_.empty()) {
    const TimePoint idle = active_.front().last + options_.udp_idle_timeout;
    next = next ? std::min(*next, idle) : idle;
  }
  return next;
}

void DatagramCarrier::close_flows(DatagramService& service) {
  while (!service.flows.empty()) {
    close(*service.flows.begin()->second);
  }
}

void DatagramCarrier::close(Flow& flow) {
  flow.upstream.reset();
  flow.endpoint->closed();
  flow.closed = true;
  flow.service->flows.erase(flow.client);
  flow.service->port->counters.closed.add();
  counters_.flows.closed.add();
  budget_.give_back();
  closed_.push_back(flow);
}

void DatagramCarrier::close_all() {
  for (IntrusiveList<Flow>* const list : {&active_, &answered_}) {
    while (!list->empty()) {
      close(list->front());
    }
  }
}

}  // namespace ferry::proxy
