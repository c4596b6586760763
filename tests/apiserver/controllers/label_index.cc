#include "tests/apiserver/controllers/label_index.h"

namespace ferry::apiserver {
namespace {

template <typename Map, typename Group>
void remove_from_group(Map& groups, const Group& group, const ObjectKey& key) {
  const auto found = groups.find(group);
  if (found == groups.end()) return;
  found->second.erase(key);
  if (found->second.empty()) groups.erase(found);
}

}  // namespace

void LabelIndex::set(const ObjectKey& key, const LabelMap& labels) {
  erase(key);
  if (labels.empty()) return;
  labels_.emplace(key, labels);
  for (const auto& [name, value] : labels) by_label_[Label(key.name_space, name, value)].insert(key);
}

void LabelIndex::erase(const ObjectKey& key) {
  const auto known = labels_.find(key);
  if (known == labels_.end()) return;
  for (const auto& [name, value] : known->second) {
    remove_from_group(by_label_, Label(key.name_space, name, value), key);
  }
  labels_.erase(known);
}

std::set<ObjectKey> LabelIndex::selected(const std::string& name_space, const LabelMap& selector) const {
  const std::set<ObjectKey>* smallest = nullptr;
  for (const auto& [name, value] : selector) {
    const auto group = by_label_.find(Label(name_space, name, value));
    if (group == by_label_.end()) return {};
    if (smallest == nullptr || group->second.size() < smallest->size()) smallest = &group->second;
  }
  std::set<ObjectKey> found;
  if (smallest == nullptr) return found;
  for (const ObjectKey& key : *smallest) {
    if (selects(selector, labels_.at(key))) found.insert(found.end(), key);
  }
  return found;
}

void SelectorIndex::set(const ObjectKey& key, const LabelMap& selector) {
  erase(key);
  if (selector.empty()) return;
  selectors_.emplace(key, selector);
  by_first_entry_[Label(key.name_space, selector.begin()->first, selector.begin()->second)].insert(key);
}

void SelectorIndex::erase(const ObjectKey& key) {
  const auto known = selectors_.find(key);
  if (known == selectors_.end()) return;
  const auto& [name, value] = *known->second.begin();
  remove_from_group(by_first_entry_, Label(key.name_space, name, value), key);
  selectors_.erase(known);
}

std::set<ObjectKey> SelectorIndex::selecting(const std::string& name_space, const LabelMap& labels) const {
  std::set<ObjectKey> found;
  for (const auto& [name, value] : labels) {
    const auto group = by_first_entry_.find(Label(name_space, name, value));
    if (group == by_first_entry_.end()) continue;
    for (const ObjectKey& key : group->second) {
      if (selects(selectors_.at(key), labels)) found.insert(key);
    }
  }
  return found;
}

}  // namespace ferry::apiserver
