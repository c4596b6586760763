#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "tests/apiserver/controllers/json_view.h"
#include "tests/apiserver/controllers/object_key.h"

namespace ferry::apiserver {

/// Finds labelled objects by a selector without visiting the others: an object stands under each of its labels, and a
/// question visits the smallest of the groups that the selector names.
class LabelIndex {
 public:
  /// Notes an object's labels; those noted for it before are forgotten.
  void set(const ObjectKey& key, const LabelMap& labels);
  void erase(const ObjectKey& key);

  /// The objects of a namespace that a selector selects, by name. An empty selector selects none.
  std::set<ObjectKey> selected(const std::string& name_space, const LabelMap& selector) const;

 private:
  using Label = std::tuple<std::string, std::string, std::string>;  // namespace, name, value

  std::map<ObjectKey, LabelMap> labels_;
  std::map<Label, std::set<ObjectKey>> by_label_;
};

/// The other way round: finds the selectors that select a set of labels. A selector stands under its first entry, so
/// a question visits, for each label, only the selectors that ask for it.
class SelectorIndex {
 public:
  /// Notes an object's selector; the one noted for it before is forgotten. An empty one selects nothing.
  void set(const ObjectKey& key, const LabelMap& selector);
  void erase(const ObjectKey& key);

  /// The objects of a namespace whose selectors select these labels.
  std::set<ObjectKey> selecting(const std::string& name_space, const LabelMap& labels) const;

 private:
  using Label = std::tuple<std::string, std::string, std::string>;  // namespace, name, value

  std::map<ObjectKey, LabelMap> selectors_;
  std::map<Label, std::set<ObjectKey>> by_first_entry_;
};

}  // namespace ferry::apiserver
