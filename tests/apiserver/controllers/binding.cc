#include "tests/apiserver/controllers/binding.h"

#include <algorithm>
#include <utility>

#include "tests/apiserver/controllers/json_view.h"

namespace ferry::apiserver {
namespace {

/// Puts a condition in the place of the one of its type.
void set_condition(Json& pod, Json condition) {
  Json& status = pod["status"];
  if (!status.is_object()) status = Json::object();
  Json& conditions = status["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  const auto known = std::find_if(conditions.begin(), conditions.end(), [&condition](const Json& other) {
    return text_at(other, {"type"}) == text_at(condition, {"type"});
  });
  if (known == conditions.end()) {
    conditions.push_back(std::move(condition));
  } else {
    *known = std::move(condition);
  }
}

}  // namespace

Result<Json> bind_pod(const Object& pod, const std::string& node) {
  const std::string name(pod.name());
  if (!text_at(pod.value, {"metadata", "deletionTimestamp"}).empty()) {
    return conflict("pods/binding", name, "pod " + name + " is being deleted, cannot be assigned to a host");
  }
  if (const std::string bound = text_at(pod.value, {"spec", "nodeName"}); !bound.empty()) {
    return conflict("pods/binding", name, "pod " + name + " is already assigned to node \"" + bound + "\"");
  }
  Json changed = pod.value;
  changed["spec"]["nodeName"] = node;
  set_condition(changed, {{"type", "PodScheduled"}, {"status", "True"}});
  return {boost::system::in_place_value, std::move(changed)};
}

Json mark_unschedulable(const Object& pod) {
  Json changed = pod.value;
  set_condition(changed, {{"type", "PodScheduled"},
                          {"status", "False"},
                          {"reason", "Unschedulable"},
                          {"message", "no node is schedulable, has the labels asked for and the host ports free"}});
  return changed;
}

}  // namespace ferry::apiserver
