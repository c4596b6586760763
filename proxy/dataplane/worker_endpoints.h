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

/// The endpoints of one service port that one worker has dialled, or weighed against others. References to them are
/// good until keep_only(). `table` and `worker` are the same at each call.
class WorkerEndpoints {
 public:
  WorkerEndpoint& of(const config::Backend& endpoint, EndpointTable& table, std::size_t worker);

  /// What the balancer may ask of endpoints that some worker has dialled.
  const EndpointLoads& loads(EndpointTable& table, std::size_t worker);
  /// The same for a balancer that asks nothing.
  static const EndpointLoads& no_loads();

  /// Calls `each` for every one.
  void for_each(const std::function<void(WorkerEndpoint&)>& each);

  /// Forgets those without connections for which `is_there` says no.
  void keep_only(const std::function<bool(const config::Backend&)>& is_there);

 private:
  class Known final : public EndpointLoads {
   public:
    using ByEndpoint = std::unordered_map<config::Backend, WorkerEndpoint, EndpointHash, EndpointEqual>;

    Known(EndpointTable& table, std::size_t worker) : table_(table), worker_(worker) {}

    const EndpointLoad* find(const config::Backend& endpoint) const override;
    WorkerEndpoint& of(const config::Backend& endpoint);
    ByEndpoint& by_endpoint() { return by_endpoint_; }

   private:
    WorkerEndpoint& add(std::shared_ptr<EndpointRecord> record) const;

    EndpointTable& table_;
    std::size_t worker_;
    /// Grows as it is asked.
    mutable ByEndpoint by_endpoint_;
  };

  Known& known(EndpointTable& table, std::size_t worker);

  /// Made with the first endpoint: most service ports of a node never have a connection.
  std::unique_ptr<Known> known_;
};

}  // namespace ferry::proxy
