#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/endpoint_slice.h"
#include "config/node_identity.h"
#include "config/service.h"
#include "config/service_join.h"
#include "config/service_port_info.h"

namespace ferry::config {

struct StoreOptions {
  NodeIdentity node;
  /// The ranges service addresses come from, as far as known. An endpoint inside one is refused; loopback endpoints
  /// are accepted only when one of them is loopback itself, or all the service's own addresses are.
  std::vector<IpPrefix> service_ranges;
  /// Serve the services whose label service.kubernetes.io/service-proxy-name has this value (empty: without the label).
  std::string service_proxy_name;
  /// Told when the changes of slices were triggered (EndpointSlice::triggered_at), after the subscriber was told of
  /// what they changed, which may be nothing. Each time of a slice is told once; none of the first state, none of a
  /// slice that is equal but for its time, none of one removed. Must not call the store. May be empty.
  std::function<void(const std::vector<std::chrono::system_clock::time_point>&)> on_triggered;
};

/// Numbers about the store since it was made.
struct StoreStats {
  std::size_t services = 0;
  std::size_t slices = 0;
  std::size_t service_ports = 0;
  /// Objects (services, slices) looked at on account of changes: grows with the change, not with the store.
  std::uint64_t objects_visited = 0;
  /// Endpoints now left out because nothing may be carried there (see ServicePortInfo::refused_endpoints).
  std::size_t refused_endpoints = 0;
  std::uint64_t changes_reported = 0;
};

/// What the cluster says, merged from several sources and joined: services with all their slices. Each source owns the
/// objects it brought, so a relist of one never removes another's. When two sources bring a service of the same name,
/// the source added first is believed; slices of all sources add up.
///
/// Nothing is reported until every source has delivered its services and its slices once. The call that completes this
/// reports all of them, some at a time where there are many. From then on each call reports exactly the service ports
/// it changed, before it returns, at a cost in proportion to the change; together, but for set_node().
///
/// Not thread-safe: it belongs to the control thread.
class Store {
 public:
  class Source;
  /// Told what changed, never with an empty list. Must not call the store.
  using Subscriber = std::function<void(const std::vector<ServicePortChange>&)>;

  Store(StoreOptions options, Subscriber subscriber);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Adds a source. The name is for people. The handle is valid as long as the store.
  Source& add_source(std::string name);

  /// True once every source has delivered both kinds of objects, and at least one source exists.
  bool synced() const;

  /// The node's identity changed (its zone label was read): endpoints are chosen anew, which visits every service.
  /// What differs is reported some at a time, too.
  void set_node(NodeIdentity node);
  const NodeIdentity& node() const;

  /// The service ports as last reported, for snapshots. Pointers stay valid for as long as they are held.
  std::vector<std::shared_ptr<const ServicePortInfo>> service_ports() const;

  /// What the cluster says of one service and its endpoints; none where there is no such service.
  std::optional<ServiceDescription> describe(const NamespacedName& name) const;

  StoreStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One source's side of the store: SET, ADD and REMOVE for the objects it owns.
class Store::Source {
 public:
  virtual ~Source() = default;

  /// As given to add_source.
  virtual const std::string& name() const = 0;

  /// The source's services are exactly these now (a list, or a relist): what is missing is removed, what is equal is
  /// not touched. Marks the services as delivered. Of two with one name the later counts.
  virtual void set_services(std::vector<Service> services) = 0;
  /// Inserts the service or replaces the one of its name.
  virtual void add_service(Service service) = 0;
  virtual void remove_service(const NamespacedName& name) = 0;

  /// The same three for slices.
  virtual void set_slices(std::vector<EndpointSlice> slices) = 0;
  virtual void add_slice(EndpointSlice slice) = 0;
  virtual void remove_slice(const NamespacedName& name) = 0;
};

}  // namespace ferry::config
