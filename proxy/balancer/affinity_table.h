#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "config/backend_set.h"
#include "config/ip_address.h"

namespace ferry::proxy {

/// Which backend each client of a service port with ClientIP affinity was carried to last. One table for all service
/// ports and threads, cut into shards by key, each behind a lock that is held for a few hundred nanoseconds.
///
/// It holds a bounded number of entries, about 150 bytes each: at the bound the one of its shard that was used least
/// recently makes room, and its client is balanced like a new one.
class AffinityTable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kDefaultCapacity = 131'072;

  struct Key {
    std::uint64_t service_port = 0;
    config::IpAddress client;

    friend bool operator==(const Key&, const Key&) = default;
  };

  /// `capacity` is rounded up to a multiple of the number of shards.
  explicit AffinityTable(std::size_t capacity = kDefaultCapacity);

  /// The client's backend, and the time counts anew; nullopt when it has none, or was last heard of `timeout` ago or
  /// longer.
  std::optional<config::Backend> find(const Key& key, std::chrono::seconds timeout, TimePoint now);
  /// From now on it is this one.
  void remember(const Key& key, const config::Backend& backend, TimePoint now);

  std::size_t size() const;

  /// Calls `each` for every entry, the one used last first within each shard; it must not call the table.
  void for_each(const std::function<void(const Key&, const config::Backend&, TimePoint used)>& each) const;

 private:
  static constexpr std::size_t kShards = 64;

  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Entry {
    Key key;
    config::Backend backend;
    TimePoint used;
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    /// Most recently used first.
    std::list<Entry> entries;
    std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> places;
  };

  Shard& shard_of(const Key& key) { return shards_[(KeyHash()(key) >> 7U) % kShards]; }

  std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace ferry::proxy
