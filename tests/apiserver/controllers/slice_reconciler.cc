#include "tests/apiserver/controllers/slice_reconciler.h"

#include <algorithm>
#include <map>
#include <utility>

namespace ferry::apiserver {
namespace {

/// One slice on its way from what it is to what it shall be.
struct Draft {
  const Json* existing = nullptr;
  Json endpoints = Json::array();
  bool changed = false;
};

std::string group_key(const std::string& address_type, const Json& ports) { return address_type + ports.dump(); }

std::string group_key_of(const Json& slice) {
  return group_key(text_at(slice, {"addressType"}), array_at(slice, {"ports"}));
}

Json slice_labels(const ServiceFacts& service) {
  LabelMap labels = inherited_labels(service);
  labels[kServiceNameLabel] = service.key.name;
  labels[kSliceManagedByLabel] = kSliceManager;
  return labels;
}

Json new_slice(const ServiceFacts& service, const EndpointGroup& group, Json endpoints) {
  Json owner = {{"apiVersion", "v1"}, {"kind", "Service"},  {"name", service.key.name},
                {"uid", service.uid}, {"controller", true}, {"blockOwnerDeletion", true}};
  Json metadata = {{"generateName", service.key.name + "-"}, {"namespace", service.key.name_space}};
  metadata["labels"] = slice_labels(service);
  metadata["ownerReferences"] = Json::array({std::move(owner)});
  return {{"metadata", std::move(metadata)},
          {"addressType", group.address_type},
          {"endpoints", std::move(endpoints)},
          {"ports", group.ports}};
}

Json changed_slice(const Json& existing, const ServiceFacts& service, const EndpointGroup& group, Json endpoints) {
  Json slice = existing;
  slice["metadata"]["labels"] = slice_labels(service);
  slice["endpoints"] = std::move(endpoints);
  slice["ports"] = group.ports;
  return slice;
}

/// What stays of a slice: its endpoints that are still wanted, as they are now. They are taken out of `remaining`.
Draft keep_wanted(const Json& slice, std::map<std::string, Json>& remaining) {
  Draft draft{.existing = &slice};
  for (const Json& entry : array_at(slice, {"endpoints"})) {
    const auto wanted = remaining.find(text_at(entry, {"targetRef", "name"}));
    if (wanted == remaining.end()) {
      draft.changed = true;
      continue;
    }
    draft.changed = draft.changed || wanted->second != entry;
    draft.endpoints.push_back(std::move(wanted->second));
    remaining.erase(wanted);
  }
  return draft;
}

void fill(Draft& draft, std::map<std::string, Json>& remaining) {
  while (!remaining.empty() && draft.endpoints.size() < kMaxEndpointsPerSlice) {
    draft.endpoints.push_back(std::move(remaining.begin()->second));
    remaining.erase(remaining.begin());
    draft.changed = true;
  }
}

/// The slices of one group. Those without endpoints come out empty: they are not needed.
std::vector<Draft> draft_group(EndpointGroup group, const std::vector<const Json*>& slices) {
  std::vector<Draft> drafts;
  drafts.reserve(slices.size());
  for (const Json* slice : slices) drafts.push_back(keep_wanted(*slice, group.endpoints));
  // Those that change anyway come first.
  std::stable_partition(drafts.begin(), drafts.end(), [](const Draft& draft) { return draft.changed; });
  for (Draft& draft : drafts) fill(draft, group.endpoints);
  while (!group.endpoints.empty()) {
    drafts.emplace_back();
    fill(drafts.back(), group.endpoints);
  }
  return drafts;
}

class Reconciliation {
 public:
  Reconciliation(const ServiceFacts& service, const std::vector<const Json*>& existing) : service_(service) {
    for (const Json* slice : existing) slices_[group_key_of(*slice)].push_back(slice);
  }

  void add(const EndpointGroup& group) {
    const auto found = slices_.extract(group_key(group.address_type, group.ports));
    std::vector<Draft> drafts = draft_group(group, found ? found.mapped() : std::vector<const Json*>());
    // A family without endpoints keeps one slice, so that its absence is not taken for ignorance.
    const bool placeholder = group.endpoints.empty();
    if (placeholder && drafts.empty()) drafts.emplace_back();
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      const bool needed = !drafts[i].endpoints.empty() || (placeholder && i == 0);
      settle(drafts[i], group, needed);
    }
  }

  SliceChanges finish() {
    for (const auto& [key, slices] : slices_) unneeded_.insert(unneeded_.end(), slices.begin(), slices.end());
    for (auto& [group, endpoints] : new_) create_or_recycle(*group, std::move(endpoints));
    for (const Json* slice : unneeded_) changes_.remove.push_back(text_at(*slice, {"metadata", "name"}));
    return std::move(changes_);
  }

 private:
  void settle(Draft& draft, const EndpointGroup& group, bool needed) {
    if (!needed) {
      unneeded_.push_back(draft.existing);
    } else if (draft.existing == nullptr) {
      new_.emplace_back(&group, std::move(draft.endpoints));
    } else if (draft.changed || labels_at(*draft.existing, {"metadata", "labels"}) != wanted_labels_) {
      changes_.replace.push_back(changed_slice(*draft.existing, service_, group, std::move(draft.endpoints)));
    }
  }

  void create_or_recycle(const EndpointGroup& group, Json endpoints) {
    const auto same_family = std::find_if(unneeded_.begin(), unneeded_.end(), [&group](const Json* slice) {
      return text_at(*slice, {"addressType"}) == group.address_type;  // it can never be changed
    });
    if (same_family == unneeded_.end()) {
      changes_.create.push_back(new_slice(service_, group, std::move(endpoints)));
      return;
    }
    changes_.replace.push_back(changed_slice(**same_family, service_, group, std::move(endpoints)));
    unneeded_.erase(same_family);
  }

  const ServiceFacts& service_;
  const LabelMap wanted_labels_ = slice_labels(service_).get<LabelMap>();
  std::map<std::string, std::vector<const Json*>> slices_;
  std::vector<const Json*> unneeded_;
  std::vector<std::pair<const EndpointGroup*, Json>> new_;
  SliceChanges changes_;
};

}  // namespace

SliceChanges reconcile_slices(const ServiceFacts& service, const std::vector<EndpointGroup>& wanted,
                              const std::vector<const Json*>& existing) {
  Reconciliation reconciliation(service, existing);
  for (const EndpointGroup& group : wanted) reconciliation.add(group);
  return reconciliation.finish();
}

}  // namespace ferry::apiserver
