#include "proxy/balancer/affinity_table.h"

namespace ferry::proxy {

AffinityTable::AffinityTable(std::size_t capacity) : shard_capacity_((capacity + kShards - 1) / kShards) {}

std::optional<config::Backend> AffinityTable::find(const Key& key, std::chrono::seconds timeout, TimePoint now) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.places.find(key);
  if (found == shard.places.end()) return std::nullopt;
  const auto entry = found->second;
  if (now - entry->used >= timeout) {
    shard.entries.erase(entry);
    shard.places.erase(found);
    return std::nullopt;
  }
  entry->used = now;
  shard.entries.splice(shard.entries.begin(), shard.entries, entry);
  return entry->backend;
}

void AffinityTable::remember(const Key& key, const config::Backend& backend, TimePoint now) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.places.find(key); found != shard.places.end()) {
    found->second->backend = backend;
    found->second->used = now;
    shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
    return;
  }
  if (shard.entries.size() >= shard_capacity_ && !shard.entries.empty()) {
    shard.places.erase(shard.entries.back().key);
    shard.entries.pop_back();
  }
  shard.entries.push_front(Entry{key, backend, now});
  shard.places.emplace(key, shard.entries.begin());
}

std::size_t AffinityTable::size() const {
  std::size_t size = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    size += shard.entries.size();
  }
  return size;
}

void AffinityTable::for_each(const std::function<void(const Key&, const config::Backend&, TimePoint)>& each) const {
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const Entry& entry : shard.entries) each(entry.key, entry.backend, entry.used);
  }
}

std::size_t AffinityTable::KeyHash::operator()(const Key& key) const noexcept {
  // Service ports are numbered from 1; without spreading them a client's entries would be neighbours.
  return std::hash<config::IpAddress>()(key.client) ^ static_cast<std::size_t>(key.service_port * 0x9E3779B97F4A7C15U);
}

}  // namespace ferry::proxy
