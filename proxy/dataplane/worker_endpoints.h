#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "config/backend_set.h"
#include "proxy/balancer/endpoint_load.h"
#include "proxy/balancer/endpoint_order.h"
#include "proxy/dataplane/endpoint_table.h"

namespace ferry::proxy {

/// One endpoint of a service port as one worker sees it.
struct WorkerEndpoint {
  std::shared_ptr<EndpointRecord> record;
  /// This worker's row of the record.
  PortCounters* counters = nullptr;
  /// Connections of this worker that are being dialled or carried.
  std::uint32_t open = 0;
  /// It terminates or is gone, and its connections are being closed.
  bool draining = false;

  /// Counts a dial, unless all workers together have `most` connections open there; 0: any number.
  bool try_open(std::uint32_t most);
  /// The dial has failed, or the connection has ended.
  void closed();
};

/// The endpoints of one service port that one worker has dialled. References to them are good until keep_only().
class WorkerEndpoints {
 public:
  WorkerEndpoint& of(const config::Backend& endpoint, EndpointTable& table, std::size_t worker);

  /// What the balancer may ask.
  const EndpointLoads& loads() const;

  /// Calls `each` for every one.
  void for_each(const std::function<void(WorkerEndpoint&)>& each);

  /// Forgets those without connections for which `is_there` says no.
  void keep_only(const std::function<bool(const config::Backend&)>& is_there);

 private:
  struct Known final : EndpointLoads {
    const EndpointLoad* find(const config::Backend& endpoint) const override;

    std::unordered_map<config::Backend, WorkerEndpoint, EndpointHash, EndpointEqual> by_endpoint;
  };

  /// Made with the first endpoint: most service ports of a node never have a connection.
  std::unique_ptr<Known> known_;
};

}  // namespace ferry::proxy
