#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "config/node.h"
#include "config/store.h"
#include "watch/reflector/reflector.h"
#include "watch/reflector/reflector_monitor.h"
#include "watch/rest/resource_client.h"
#include "watch/rest/rest_client.h"
#include "watch/wait/clock.h"

namespace ferry::watch {

struct ApiSourceOptions {
  /// Speak the API of 2014 (v1beta1) instead of today's.
  bool historical = false;
  /// Serve the services whose label service.kubernetes.io/service-proxy-name has this value (empty: without the label);
  /// the server is asked to send no others.
  std::string service_proxy_name;
  /// The node whose object `on_node` is told of, and no other is asked for; empty: none.
  std::string node_name;
  /// Told what the node's object says, once it was read and whenever it changes; none when there is no such node. The
  /// API of 2014 has no nodes, so it is never told then.
  std::function<void(const std::optional<config::Node>&)> on_node{};
  /// Told the ranges of all ServiceCIDR objects, once they were read and whenever they change; an empty list where the
  /// server has no such objects (before Kubernetes 1.31). Null: they are not asked for.
  std::function<void(const std::vector<config::IpPrefix>&)> on_service_ranges{};
  ReflectorOptions reflector;
};

/// Feeds one source of the store from an API server: its services, and their endpoints from EndpointSlices where the
/// server has them (discovery.k8s.io/v1, else v1beta1) and from Endpoints otherwise, which it finds out by asking.
/// Tells of the own node and of the service ranges beside. A server that is away, or comes back as another version, is
/// asked again for as long as it takes; meanwhile the store keeps what it has. Belongs to the thread that runs the
/// RestClient's executor.
class ApiSource {
 public:
  /// All references outlive the source. Nothing happens before start().
  ApiSource(RestClient& rest, config::Store::Source& store, Clock& clock, ApiSourceOptions options = {});
  ~ApiSource();
  ApiSource(const ApiSource&) = delete;
  ApiSource& operator=(const ApiSource&) = delete;

  void start();
  /// Ends all conversations, closing the RestClient. `done` is called once, later, from the executor, when nothing of
  /// this runs any more; only then may it be destroyed.
  void stop(std::function<void()> done);

  /// Services, endpoints, then the node and the service ranges where they are followed. Safe from any thread.
  std::vector<ReflectorStatus> status() const;

 private:
  class ServiceSink;
  class SliceSink;
  class NodeSink;
  class ServiceCidrSink;

  boost::asio::awaitable<void> follow_services();
  boost::asio::awaitable<void> follow_endpoints();
  boost::asio::awaitable<void> follow_node();
  boost::asio::awaitable<void> follow_service_cidrs();
  boost::asio::awaitable<Result<const WireFormat<config::EndpointSlice>*>> find_endpoint_format();
  template <class T>
  boost::asio::awaitable<ApiError> reflect(const WireFormat<T>& format, Selection selection, ReflectorSink<T>& sink,
                                           ReflectorMonitor& monitor);
  void spawn(std::size_t index, boost::asio::awaitable<void> conversation);
  void one_ended();
  bool follows_node() const { return !options_.historical && !options_.node_name.empty() && options_.on_node; }
  bool follows_service_cidrs() const { return !options_.historical && options_.on_service_ranges; }
  std::string service_selector() const;
  std::string endpoint_selector() const;

  RestClient& rest_;
  config::Store::Source& store_;
  Clock& clock_;
  ApiSourceOptions options_;
  ReflectorMonitor services_{"services"};
  ReflectorMonitor endpoints_{"endpoints"};
  ReflectorMonitor node_{"nodes"};
  ReflectorMonitor service_cidrs_{"servicecidrs"};
  std::array<boost::asio::cancellation_signal, 4> stop_signals_;
  std::size_t running_ = 0;
  bool stopping_ = false;
  std::function<void()> stopped_;
};

}  // namespace ferry::watch
