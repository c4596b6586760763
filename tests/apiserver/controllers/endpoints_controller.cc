#include "tests/apiserver/controllers/endpoints_controller.h"

#include <utility>

#include "tests/apiserver/controllers/endpoint_plan.h"
#include "tests/apiserver/controllers/endpoints_object.h"
#include "tests/apiserver/controllers/slice_reconciler.h"

namespace ferry::apiserver {
namespace {

bool is_gone(const Event& event) { return event.type == Event::Type::kDeleted; }

/// Raises a flag for as long as it lives.
class Raised {
 public:
  explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
  ~Raised() { flag_ = false; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;

 private:
  bool& flag_;
};

}  // namespace

EndpointsController::EndpointsController(boost::asio::io_context& loop, Storage& storage)
    : storage_(storage), queue_(loop, [this](const ObjectKey& key) { sync(key); }) {
  using Handler = void (EndpointsController::*)(const Event&);
  const auto follow = [this](const char* resource, Handler handler) {
    const auto hear = [this, handler](const Event& event) { (this->*handler)(event); };
    for (const ObjectPtr& object : storage_.list(resource).items) hear({Event::Type::kAdded, object, nullptr});
    subscriptions_.push_back(storage_.subscribe(resource, hear));
  };
  follow("nodes", &EndpointsController::on_node);
  follow("services", &EndpointsController::on_service);
  follow("pods", &EndpointsController::on_pod);
  follow("endpointslices", &EndpointsController::on_slice);
  follow("endpoints", &EndpointsController::on_endpoints);
}

void EndpointsController::on_service(const Event& event) {
  const ObjectKey key = key_of(*event.object);
  if (is_gone(event)) {
    services_.erase(key);
    selectors_.erase(key);
    queue_.add(key);
    return;
  }
  ServiceFacts facts = read_service(event.object->value);
  ServiceFacts& known = services_[key];
  if (known == facts) return;
  known = std::move(facts);
  selectors_.set(key, known.selects_pods() ? known.selector : LabelMap());
  queue_.add(key);
}

void EndpointsController::on_pod(const Event& event) {
  const ObjectKey key = key_of(*event.object);
  const auto known = pods_.find(key);
  if (is_gone(event)) {
    if (known == pods_.end()) return;
    mark_selecting(key, known->second.labels);
    place_pod(key, {});
    pods_by_label_.erase(key);
    pods_.erase(known);
    return;
  }
  PodFacts facts = read_pod(event.object->value);
  if (known != pods_.end() && known->second == facts) return;
  if (known != pods_.end()) mark_selecting(key, known->second.labels);
  mark_selecting(key, facts.labels);
  place_pod(key, facts.node);
  pods_by_label_.set(key, facts.labels);
  pods_.insert_or_assign(key, std::move(facts));
}

void EndpointsController::on_node(const Event& event) {
  const std::string name(event.object->name());
  std::string zone;
  if (!is_gone(event)) {
    const LabelMap labels = labels_at(event.object->value, {"metadata", "labels"});
    if (const auto found = labels.find("topology.kubernetes.io/zone"); found != labels.end()) zone = found->second;
  }
  std::string& known = zones_[name];
  const bool changed = known != zone;
  known = std::move(zone);
  if (known.empty()) zones_.erase(name);
  const auto placed = pods_by_node_.find(name);
  if (!changed || placed == pods_by_node_.end()) return;
  for (const ObjectKey& pod : placed->second) mark_selecting(pod, pods_.at(pod).labels);
}

void EndpointsController::on_slice(const Event& event) {
  const ObjectKey key = key_of(*event.object);
  const LabelMap labels = labels_at(event.object->value, {"metadata", "labels"});
  if (is_gone(event)) {
    slices_by_label_.erase(key);
  } else {
    slices_by_label_.set(key, labels);
  }
  if (writing_) return;
  mark_owner(key, labels);
  if (event.previous) mark_owner(key, labels_at(event.previous->value, {"metadata", "labels"}));
}

void EndpointsController::on_endpoints(const Event& event) {
  if (!writing_) queue_.add(key_of(*event.object));
}

/// Notes which node a pod is on; "" for none.
void EndpointsController::place_pod(const ObjectKey& key, const std::string& node) {
  const auto known = pods_.find(key);
  const std::string before = known == pods_.end() ? std::string() : known->second.node;
  if (before == node) return;
  if (const auto group = pods_by_node_.find(before); group != pods_by_node_.end()) {
    group->second.erase(key);
    if (group->second.empty()) pods_by_node_.erase(group);
  }
  if (!node.empty()) pods_by_node_[node].insert(key);
}

void EndpointsController::mark_selecting(const ObjectKey& pod, const LabelMap& labels) {
  for (const ObjectKey& service : selectors_.selecting(pod.name_space, labels)) queue_.add(service);
}

void EndpointsController::mark_owner(const ObjectKey& slice, const LabelMap& labels) {
  const auto manager = labels.find(kSliceManagedByLabel);
  const auto service = labels.find(kServiceNameLabel);
  if (manager == labels.end() || manager->second != kSliceManager || service == labels.end()) return;
  queue_.add({.name_space = slice.name_space, .name = service->second});
}

void EndpointsController::sync(const ObjectKey& key) {
  const Raised writing(writing_);
  const auto service = services_.find(key);
  if (service == services_.end()) return remove_all(key);
  if (!service->second.selects_pods()) return;
  ++syncs_;
  const std::vector<const PodFacts*> pods = selected_pods(service->second);
  sync_slices(service->second, pods);
  sync_endpoints(service->second, pods);
}

void EndpointsController::sync_slices(const ServiceFacts& service, const std::vector<const PodFacts*>& pods) {
  const auto zone_of = [this](const std::string& node) {
    const auto zone = zones_.find(node);
    return zone == zones_.end() ? std::string() : zone->second;
  };
  const std::vector<ObjectPtr> slices = slices_of(service.key);
  std::vector<const Json*> existing;
  existing.reserve(slices.size());
  for (const ObjectPtr& slice : slices) existing.push_back(&slice->value);

  SliceChanges changes = reconcile_slices(service, plan_endpoints(service, pods, zone_of), existing);
  for (Json& slice : changes.create) storage_.create("endpointslices", std::move(slice));
  for (Json& slice : changes.replace) storage_.replace("endpointslices", std::move(slice));
  for (const std::string& name : changes.remove) storage_.remove("endpointslices", service.key.name_space, name);
}

void EndpointsController::sync_endpoints(const ServiceFacts& service, const std::vector<const PodFacts*>& pods) {
  const EndpointSubsets subsets = plan_subsets(service, pods);
  if (storage_.find("endpoints", service.key.name_space, service.key.name) == nullptr) {
    storage_.create("endpoints", make_endpoints(service, subsets));
    return;
  }
  const auto lead = [&](const Object& old) -> Result<Json> {
    return {boost::system::in_place_value, lead_endpoints(old.value, service, subsets)};
  };
  storage_.update("endpoints", service.key.name_space, service.key.name, lead);
}

void EndpointsController::remove_all(const ObjectKey& service) {
  for (const ObjectPtr& slice : slices_of(service)) {
    storage_.remove("endpointslices", service.name_space, slice->name());
  }
  const ObjectPtr endpoints = storage_.find("endpoints", service.name_space, service.name);
  if (endpoints && is_managed_endpoints(endpoints->value)) {
    storage_.remove("endpoints", service.name_space, service.name);
  }
}

std::vector<ObjectPtr> EndpointsController::slices_of(const ObjectKey& service) const {
  const LabelMap ours = {{kServiceNameLabel, service.name}, {kSliceManagedByLabel, kSliceManager}};
  std::vector<ObjectPtr> slices;
  for (const ObjectKey& key : slices_by_label_.selected(service.name_space, ours)) {
    if (ObjectPtr slice = storage_.find("endpointslices", key.name_space, key.name)) slices.push_back(std::move(slice));
  }
  return slices;
}

std::vector<const PodFacts*> EndpointsController::selected_pods(const ServiceFacts& service) const {
  std::vector<const PodFacts*> pods;
  for (const ObjectKey& key : pods_by_label_.selected(service.key.name_space, service.selector)) {
    pods.push_back(&pods_.at(key));
  }
  return pods;
}

}  // namespace ferry::apiserver
