#include "proxy/dataplane/worker_endpoints.h"

#include <utility>

namespace ferry::proxy {

bool WorkerEndpoint::try_open(std::uint32_t most) {
  if (!record->load.try_open(most)) return false;
  ++open;
  counters->accepted.add();
  return true;
}

void WorkerEndpoint::closed() {
  record->load.closed();
  --open;
  counters->closed.add();
}

const EndpointLoad* WorkerEndpoints::Known::find(const config::Backend& endpoint) const {
  const auto found = by_endpoint.find(endpoint);
  return found == by_endpoint.end() ? nullptr : &found->second.record->load;
}

WorkerEndpoint& WorkerEndpoints::of(const config::Backend& endpoint, EndpointTable& table, std::size_t worker) {
  if (!known_) known_ = std::make_unique<Known>();
  if (const auto found = known_->by_endpoint.find(endpoint); found != known_->by_endpoint.end()) return found->second;
  // First, for there may be no memory for it.
  auto record = table.of(endpoint);
  WorkerEndpoint& made = known_->by_endpoint[endpoint];
  made.record = std::move(record);
  made.counters = &made.record->counters[worker];
  return made;
}

const EndpointLoads& WorkerEndpoints::loads() const {
  static const Known kNone;
  return known_ ? *known_ : kNone;
}

void WorkerEndpoints::for_each(const std::function<void(WorkerEndpoint&)>& each) {
  if (!known_) return;
  for (auto& [endpoint, known] : known_->by_endpoint) each(known);
}

void WorkerEndpoints::keep_only(const std::function<bool(const config::Backend&)>& is_there) {
  if (!known_) return;
  std::erase_if(known_->by_endpoint,
                [&is_there](const auto& entry) { return entry.second.open == 0 && !is_there(entry.first); });
}

}  // namespace ferry::proxy
