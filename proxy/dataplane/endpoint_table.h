#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "config/backend_set.h"
#include "proxy/balancer/endpoint_load.h"
#include "proxy/balancer/endpoint_order.h"
#include "proxy/dataplane/connection_counters.h"

namespace ferry::proxy {

/// What all threads share of one endpoint of a service port that was dialled: its load, and a row of counters for each
/// worker. Of an endpoint `accepted` counts the dials, and `failed` those that brought no connection.
struct EndpointRecord {
  EndpointRecord(const config::Backend& which, std::size_t workers) : endpoint(which), counters(workers) {}

  ConnectionCounters connections() const {
    ConnectionCounters sum;
    for (const PortCounters& row : counters) row.add_to(sum);
    return sum;
  }

  const config::Backend endpoint;
  EndpointLoad load;
  std::vector<PortCounters> counters;
};

/// The records of one service port's endpoints, made when first they are dialled. Safe from any thread; workers ask
/// once for each endpoint and keep what they got.
class EndpointTable {
 public:
  explicit EndpointTable(std::size_t workers) : workers_(workers) {}
  ~EndpointTable();
  EndpointTable(const EndpointTable&) = delete;
  EndpointTable& operator=(const EndpointTable&) = delete;

  std::shared_ptr<EndpointRecord> of(const config::Backend& endpoint);
  /// Null: nobody has dialled it.
  std::shared_ptr<EndpointRecord> find(const config::Backend& endpoint) const;

  std::vector<std::shared_ptr<const EndpointRecord>> all() const;

  /// Forgets the endpoints without connections for which `is_there` says no.
  void keep_only(const std::function<bool(const config::Backend&)>& is_there);

 private:
  struct State {
    std::mutex mutex;
    std::unordered_map<config::Backend, std::shared_ptr<EndpointRecord>, EndpointHash, EndpointEqual> records;
  };

  std::size_t workers_;
  /// Made with the first record: most service ports of a node never have a connection.
  std::atomic<State*> state_{nullptr};
};

}  // namespace ferry::proxy
