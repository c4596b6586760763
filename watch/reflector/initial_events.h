#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/service_port_name.h"
#include "watch/reflector/lister_watcher.h"

namespace ferry::watch {

/// Gathers the initial events of a WatchList (KEP-3157): the collection counts only when their end was marked.
template <class T>
class InitialEvents {
 public:
  /// True: this event marked the end, and objects() is the collection.
  bool take(Event<T> event) {
    switch (event.type) {
      case EventType::kAdded:
      case EventType::kModified:
        objects_.insert_or_assign(std::move(event.meta.name), std::move(event.value));
        return false;
      case EventType::kDeleted:
        objects_.erase(event.meta.name);
        return false;
      case EventType::kBookmark:
        return event.meta.initial_events_end;
    }
    return false;
  }

  /// What was gathered; nothing is left here.
  std::vector<T> objects() && {
    std::vector<T> objects;
    objects.reserve(objects_.size());
    for (auto& entry : objects_) objects.push_back(std::move(entry.second));
    objects_ = {};
    return objects;
  }

 private:
  std::unordered_map<config::NamespacedName, T> objects_;
};

}  // namespace ferry::watch
