#include "tests/apiserver/controllers/scheduler.h"

#include <utility>

#include "tests/apiserver/controllers/binding.h"
#include "tests/apiserver/controllers/pod_facts.h"

namespace ferry::apiserver {
namespace {

bool is_ours(const Json& pod) {
  const std::string scheduler = text_at(pod, {"spec", "schedulerName"});
  return scheduler.empty() || scheduler == "default-scheduler";
}

bool wants_node(const Json& pod) {
  return text_at(pod, {"spec", "nodeName"}).empty() && text_at(pod, {"metadata", "deletionTimestamp"}).empty() &&
         !is_finished(pod) && is_ours(pod);
}

}  // namespace

Scheduler::Scheduler(boost::asio::io_context& loop, Storage& storage)
    : storage_(storage), queue_(loop, [this](const ObjectKey& key) { schedule(key); }) {
  const auto hear_node = [this](const Event& event) { on_node(event); };
  const auto hear_pod = [this](const Event& event) { on_pod(event); };
  for (const ObjectPtr& node : storage_.list("nodes").items) on_node({Event::Type::kAdded, node, nullptr});
  for (const ObjectPtr& pod : storage_.list("pods").items) on_pod({Event::Type::kAdded, pod, nullptr});
  subscriptions_.push_back(storage_.subscribe("nodes", hear_node));
  subscriptions_.push_back(storage_.subscribe("pods", hear_pod));
}

void Scheduler::on_node(const Event& event) {
  const std::string name(event.object->name());
  if (event.type == Event::Type::kDeleted) {
    placement_.erase_node(name);
    return;
  }
  const NodeOffer offer = read_offer(event.object->value);
  if (event.previous && read_offer(event.previous->value) == offer) return;
  placement_.set_node(name, offer);
  retry_waiting();
}

void Scheduler::on_pod(const Event& event) {
  const ObjectKey key = key_of(*event.object);
  const Json& pod = event.object->value;
  const std::string node = text_at(pod, {"spec", "nodeName"});
  const bool gone = event.type == Event::Type::kDeleted;
  if (gone || is_finished(pod) || node.empty()) {
    if (placement_.release(key)) retry_waiting();
  } else {
    placement_.occupy(key, node, read_demand(pod).host_ports);
  }
  if (gone || !wants_node(pod)) {
    waiting_.erase(key);
  } else if (!event.previous || waiting_.count(key) == 0 || read_demand(event.previous->value) != read_demand(pod)) {
    queue_.add(key);
  }
}

void Scheduler::schedule(const ObjectKey& key) {
  const ObjectPtr pod = storage_.find("pods", key.name_space, key.name);
  if (!pod || !wants_node(pod->value)) return;
  const std::optional<std::string> node = placement_.choose(read_demand(pod->value));
  if (!node) {
    waiting_.insert(key);
    report_unschedulable(key);
    return;
  }
  waiting_.erase(key);
  // Whoever bound it first has won, and its event has told us where.
  const auto bind = [&](const Object& current) { return bind_pod(current, *node); };
  storage_.update("pods", key.name_space, key.name, bind);
}

void Scheduler::report_unschedulable(const ObjectKey& key) {
  const auto report = [](const Object& pod) -> Result<Json> {
    return {boost::system::in_place_value, mark_unschedulable(pod)};
  };
  storage_.update("pods", key.name_space, key.name, report);
}

void Scheduler::retry_waiting() {
  for (const ObjectKey& key : waiting_) queue_.add(key);
}

}  // namespace ferry::apiserver
