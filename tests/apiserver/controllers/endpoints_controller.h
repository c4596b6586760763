#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "tests/apiserver/controllers/key_queue.h"
#include "tests/apiserver/controllers/label_index.h"
#include "tests/apiserver/controllers/pod_facts.h"
#include "tests/apiserver/controllers/service_facts.h"
#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

/// Publishes the pods that each service selects as EndpointSlices and as an Endpoints object, as the controllers of a
/// cluster do, and follows every change of services, pods and nodes at a cost in proportion to what it affects. What
/// others change in its objects it puts right. A service without a selector keeps the endpoints that somebody gave it.
///
/// Pods need addresses to be published: a kubelet's job, which here falls to whoever writes `status.podIP` (or
/// `podIPs`) and the condition Ready through the status subresource.
///
/// Not thread safe: it belongs to the loop's thread, and so does its destruction. The loop and the storage must
/// outlive it.
class EndpointsController {
 public:
  EndpointsController(boost::asio::io_context& loop, Storage& storage);
  EndpointsController(const EndpointsController&) = delete;
  EndpointsController& operator=(const EndpointsController&) = delete;

  /// How many times a service's endpoints were worked out.
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }

 private:
  void on_service(const Event& event);
  void on_pod(const Event& event);
  void on_node(const Event& event);
  void on_slice(const Event& event);
  void on_endpoints(const Event& event);

  void place_pod(const ObjectKey& key, const std::string& node);
  void mark_selecting(const ObjectKey& pod, const LabelMap& labels);
  void mark_owner(const ObjectKey& slice, const LabelMap& labels);

  void sync(const ObjectKey& service);
  void sync_slices(const ServiceFacts& service, const std::vector<const PodFacts*>& pods);
  void sync_endpoints(const ServiceFacts& service, const std::vector<const PodFacts*>& pods);
  void remove_all(const ObjectKey& service);
  [[nodiscard]] std::vector<ObjectPtr> slices_of(const ObjectKey& service) const;
  [[nodiscard]] std::vector<const PodFacts*> selected_pods(const ServiceFacts& service) const;

  Storage& storage_;
  std::map<ObjectKey, ServiceFacts> services_;
  std::map<ObjectKey, PodFacts> pods_;
  std::map<std::string, std::string> zones_;
  SelectorIndex selectors_;
  LabelIndex pods_by_label_;
  LabelIndex slices_by_label_;
  std::map<std::string, std::set<ObjectKey>> pods_by_node_;
  /// True while it writes: the events of its own changes need no second look.
  bool writing_ = false;
  std::uint64_t syncs_ = 0;
  KeyQueue queue_;
  std::vector<std::unique_ptr<Storage::Subscription>> subscriptions_;
};

}  // namespace ferry::apiserver
