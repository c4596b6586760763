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
  if (const auto found = by_endpoint_.find(endpoint); found != by_endpoint_.end()) return &found->second.record->load;
  // Another worker may have dialled it.
  auto record = table_.find(endpoint);
  return record ? &add(std::move(record)).record->load : nullptr;
}

WorkerEndpoint& WorkerEndpoints::Known::of(const config::Backend& endpoint) {
  if (const auto found = by_endpoint_.find(endpoint); found != by_endpoint_.end()) return found->second;
  // First, for there may be no memory for it.
  return add(table_.of(endpoint));
}

WorkerEndpoint& WorkerEndpoints::Known::add(std::shared_ptr<EndpointRecord> record) const {
  WorkerEndpoint& made = by_endpoint_[record->endpoint];
  made.counters = &record->counters[worker_];
  made.record = std::move(record);
  return made;
}

WorkerEndpoints::Known& WorkerEndpoints::known(EndpointTable& table, std::size_t worker) {
  if (!known_) known_ = std::make_unique<Known>(table, worker);
  return *known_;
}

WorkerEndpoint& WorkerEndpoints::of(const config::Backend& endpoint, EndpointTable& table, std::size_t worker) {
  return known(table, worker).of(endpoint);
}

const EndpointLoads& WorkerEndpoints::loads(EndpointTable& table, std::size_t worker) { return known(table, worker); }

const EndpointLoads& WorkerEndpoints::no_loads() {
  struct NoLoads final : EndpointLoads {
    const EndpointLoad* find(const config::Backend& /*endpoint*/) const override { return nullptr; }
  };
  static const NoLoads kNone;
  return kNone;
}

void WorkerEndpoints::for_each(const std::function<void(WorkerEndpoint&)>& each) {
  if (!known_) return;
  for (auto& [endpoint, known] : known_->by_endpoint()) each(known);
}

void WorkerEndpoints::keep_only(const std::function<bool(const config::Backend&)>& is_there) {
  if (!known_) return;
  std::erase_if(known_->by_endpoint(),
                [&is_there](const auto& entry) { return entry.second.open == 0 && !is_there(entry.first); });
}

}  // namespace ferry::proxy
