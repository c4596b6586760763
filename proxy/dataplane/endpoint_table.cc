#include "proxy/dataplane/endpoint_table.h"

namespace ferry::proxy {

EndpointTable::~EndpointTable() { delete state_.load(); }

std::shared_ptr<EndpointRecord> EndpointTable::of(const config::Backend& endpoint) {
  State* state = state_.load(std::memory_order_acquire);
  if (state == nullptr) {
    auto made = std::make_unique<State>();
    if (state_.compare_exchange_strong(state, made.get(), std::memory_order_acq_rel)) state = made.release();
  }
  const std::lock_guard lock(state->mutex);
  if (const auto found = state->records.find(endpoint); found != state->records.end()) return found->second;
  // Whole before it is in the table: there may be no memory for one of the two.
  auto record = std::make_shared<EndpointRecord>(endpoint, workers_);
  state->records.emplace(endpoint, record);
  return record;
}

std::shared_ptr<EndpointRecord> EndpointTable::find(const config::Backend& endpoint) const {
  State* const state = state_.load(std::memory_order_acquire);
  if (state == nullptr) return nullptr;
  const std::lock_guard lock(state->mutex);
  const auto found = state->records.find(endpoint);
  return found == state->records.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const EndpointRecord>> EndpointTable::all() const {
  std::vector<std::shared_ptr<const EndpointRecord>> records;
  if (State* const state = state_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(state->mutex);
    records.reserve(state->records.size());
    for (const auto& [endpoint, record] : state->records) records.push_back(record);
  }
  return records;
}

void EndpointTable::keep_only(const std::function<bool(const config::Backend&)>& is_there) {
  State* const state = state_.load(std::memory_order_acquire);
  if (state == nullptr) return;
  const std::lock_guard lock(state->mutex);
  std::erase_if(state->records,
                [&is_there](const auto& entry) { return entry.second->load.open() == 0 && !is_there(entry.first); });
}

}  // namespace ferry::proxy
