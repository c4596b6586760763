#include "watch/source/api_source.h"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <spdlog/spdlog.h>

#include "watch/codec/discovery_v1/formats.h"
#include "watch/codec/discovery_v1beta1/formats.h"
#include "watch/codec/networking_v1/formats.h"
#include "watch/codec/v1/formats.h"
#include "watch/codec/v1beta1/formats.h"
#include "watch/wait/backoff.h"

namespace ferry::watch {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kProxyNameLabel = "service.kubernetes.io/service-proxy-name";
/// How long a server is taken to have what it had.
constexpr std::chrono::minutes kUpgradeTime{10};
constexpr std::string_view kHeadlessLabel = "service.kubernetes.io/headless";

/// Rethrows what is no cancellation: a coroutine of ours throws nothing else, unless an invariant is broken.
void expect_cancellation(const std::exception_ptr& error) {
  if (error == nullptr) return;
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& system_error) {
    if (system_error.code() != asio::error::operation_aborted) throw;
  }
}

}  // namespace

class ApiSource::ServiceSink final : public ReflectorSink<config::Service> {
 public:
  explicit ServiceSink(config::Store::Source& store) : store_(store) {}
  void replace(std::vector<config::Service> services) override { store_.set_services(std::move(services)); }
  void add(config::Service service) override { store_.add_service(std::move(service)); }
  void remove(const config::NamespacedName& name) override { store_.remove_service(name); }

 private:
  config::Store::Source& store_;
};

class ApiSource::SliceSink final : public ReflectorSink<config::EndpointSlice> {
 public:
  explicit SliceSink(config::Store::Source& store) : store_(store) {}
  void replace(std::vector<config::EndpointSlice> slices) override { store_.set_slices(std::move(slices)); }
  void add(config::EndpointSlice slice) override { store_.add_slice(std::move(slice)); }
  void remove(const config::NamespacedName& name) override { store_.remove_slice(name); }

 private:
  config::Store::Source& store_;
};

/// The collection that metadata.name=NAME selects: one node or none.
class ApiSource::NodeSink final : public ReflectorSink<config::Node> {
 public:
  explicit NodeSink(const ApiSourceOptions& options) : options_(options) {}
  void replace(std::vector<config::Node> nodes) override {
    const auto own = std::find_if(nodes.begin(), nodes.end(), [this](const auto& node) { return is_own(node.name); });
    options_.on_node(own == nodes.end() ? std::nullopt : std::optional(std::move(*own)));
  }
  void add(config::Node node) override {
    if (is_own(node.name)) options_.on_node(std::move(node));
  }
  void remove(const config::NamespacedName& name) override {
    if (is_own(name.name)) options_.on_node(std::nullopt);
  }

 private:
  bool is_own(const std::string& name) const { return name == options_.node_name; }

  const ApiSourceOptions& options_;
};

/// Tells of the ranges of all objects together.
class ApiSource::ServiceCidrSink final : public ReflectorSink<config::ServiceCidr> {
 public:
  explicit ServiceCidrSink(const ApiSourceOptions& options) : options_(options) {}
  void replace(std::vector<config::ServiceCidr> objects) override {
    ranges_.clear();
    for (config::ServiceCidr& object : objects) ranges_[object.name] = std::move(object.ranges);
    tell();
  }
  void add(config::ServiceCidr object) override {
    ranges_[object.name] = std::move(object.ranges);
    tell();
  }
  void remove(const config::NamespacedName& name) override {
    ranges_.erase(name.name);
    tell();
  }

 private:
  void tell() const {
    std::vector<config::IpPrefix> all;
    for (const auto& [name, ranges] : ranges_) all.insert(all.end(), ranges.begin(), ranges.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    options_.on_service_ranges(all);
  }

  const ApiSourceOptions& options_;
  std::map<std::string, std::vector<config::IpPrefix>> ranges_;
};

ApiSource::ApiSource(RestClient& rest, config::Store::Source& store, Clock& clock, ApiSourceOptions options)
    : rest_(rest), store_(store), clock_(clock), options_(std::move(options)) {
  if (options_.historical) options_.reflector.server = {.watch_list = false, .checks_versions = false};
}

ApiSource::~ApiSource() = default;

void ApiSource::start() {
  spawn(0, follow_services());
  spawn(1, follow_endpoints());
  if (follows_node()) spawn(2, follow_node());
  if (follows_service_cidrs()) spawn(3, follow_service_cidrs());
}

void ApiSource::spawn(std::size_t index, asio::awaitable<void> conversation) {
  ++running_;
  asio::co_spawn(rest_.executor(), std::move(conversation),
                 asio::bind_cancellation_slot(stop_signals_[index].slot(), [this](const std::exception_ptr& error) {
                   expect_cancellation(error);
                   one_ended();
                 }));
}

void ApiSource::one_ended() {
  if (--running_ == 0 && stopped_) std::exchange(stopped_, nullptr)();
}

void ApiSource::stop(std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  // After what was posted before: a conversation that is cancelled before its first step throws where nobody catches
  // it (Boost 1.83, co_spawn's entry point).
  ++running_;
  asio::post(rest_.executor(), [this] {
    for (auto& signal : stop_signals_) signal.emit(asio::cancellation_type::terminal);
    rest_.close();
    one_ended();
  });
}

std::vector<ReflectorStatus> ApiSource::status() const {
  std::vector<ReflectorStatus> all{services_.status(), endpoints_.status()};
  if (follows_node()) all.push_back(node_.status());
  if (follows_service_cidrs()) all.push_back(service_cidrs_.status());
  return all;
}

std::string ApiSource::service_selector() const {
  if (options_.historical) return {};
  const std::string label(kProxyNameLabel);
  return options_.service_proxy_name.empty() ? "!" + label : label + "=" + options_.service_proxy_name;
}

std::string ApiSource::endpoint_selector() const {
  if (options_.historical) return {};
  // The endpoints of headless services are most of the traffic of a large cluster, and nobody's business here.
  const std::string not_headless = "!" + std::string(kHeadlessLabel);
  // Slices that were not made by Kubernetes' own controller need not bear their service's labels.
  return options_.service_proxy_name.empty() ? not_headless + ",!" + std::string(kProxyNameLabel) : not_headless;
}

template <class T>
asio::awaitable<ApiError> ApiSource::reflect(const WireFormat<T>& format, Selection selection, ReflectorSink<T>& sink,
                                             ReflectorMonitor& monitor) {
  monitor.asks(std::string(format.resource), std::string(format.api_version));
  ResourceClient<T> client(rest_, format, std::move(selection), monitor.skipped());
  Reflector<T> reflector(client, sink, clock_, monitor, options_.reflector);
  co_return co_await reflector.run();
}

asio::awaitable<void> ApiSource::follow_services() {
  ServiceSink sink(store_);
  Backoff backoff(clock_);
  const auto& format = options_.historical ? codec::v1beta1::kServices : codec::v1::kServices;
  Selection selection;
  selection.label_selector = service_selector();
  if (!options_.historical) selection.field_selector = "spec.clusterIP!=None";
  while (!stopping_) {
    const ApiError error = co_await reflect(format, selection, sink, services_);
    if (error.kind == ApiError::Kind::kCancelled) co_return;
    if (error.http_status == 400 && !selection.field_selector.empty()) {
      spdlog::info("the API server cannot leave out headless services ({}); doing it here", error.to_string());
      selection.field_selector.clear();
      continue;
    }
    co_await clock_.sleep(backoff.next());
  }
}

asio::awaitable<void> ApiSource::follow_endpoints() {
  SliceSink sink(store_);
  Backoff backoff(clock_);
  Selection selection;
  selection.label_selector = endpoint_selector();
  while (!stopping_) {
    const auto format = co_await find_endpoint_format();
    if (format.has_value()) {
      spdlog::info("endpoints come from {} ({})", format.value()->resource, format.value()->api_version);
      // 404: the server has become another version meanwhile, so it is asked again.
      const ApiError error = co_await reflect(*format.value(), selection, sink, endpoints_);
      if (error.kind == ApiError::Kind::kCancelled) co_return;
    } else {
      if (format.error().kind == ApiError::Kind::kCancelled) co_return;
      endpoints_.failed("discovery", format.error());
    }
    co_await clock_.sleep(backoff.next());
  }
}

asio::awaitable<void> ApiSource::follow_node() {
  NodeSink sink(options_);
  Backoff backoff(clock_);
  Selection selection;
  selection.field_selector = "metadata.name=" + options_.node_name;
  while (!stopping_) {
    const ApiError error = co_await reflect(codec::v1::kNodes, selection, sink, node_);
    if (error.kind == ApiError::Kind::kCancelled) co_return;
    co_await clock_.sleep(backoff.next());
  }
}

asio::awaitable<void> ApiSource::follow_service_cidrs() {
  const auto& format = codec::networking_v1::kServiceCidrs;
  ServiceCidrSink sink(options_);
  Backoff backoff(clock_);
  const Selection everything;
  while (!stopping_) {
    const auto has = co_await has_resource(rest_, std::string(format.api_version), std::string(format.resource));
    if (has.has_value() && !has.value()) {
      sink.replace({});
      // Until the server is another version.
      co_await clock_.sleep(kUpgradeTime);
      continue;
    }
    if (has.has_value()) {
      const ApiError error = co_await reflect(format, everything, sink, service_cidrs_);
      if (error.kind == ApiError::Kind::kCancelled) co_return;
    } else {
      if (has.error().kind == ApiError::Kind::kCancelled) co_return;
      service_cidrs_.failed("discovery", has.error());
    }
    co_await clock_.sleep(backoff.next());
  }
}

asio::awaitable<Result<const WireFormat<config::EndpointSlice>*>> ApiSource::find_endpoint_format() {
  if (options_.historical) co_return &codec::v1beta1::kEndpoints;
  for (const auto* format : {&codec::discovery_v1::kEndpointSlices, &codec::discovery_v1beta1::kEndpointSlices}) {
    const auto has = co_await has_resource(rest_, std::string(format->api_version), std::string(format->resource));
    if (!has.has_value()) co_return has.error();
    if (has.value()) co_return format;
  }
  co_return &codec::v1::kEndpoints;
}

}  // namespace ferry::watch
