#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/storage.h"

namespace ferry::apiserver {
namespace {

using Objects = std::map<std::string, ObjectPtr, std::less<>>;

/// The part of a collection that lies in a namespace (all of it when `ns` is empty).
std::pair<Objects::const_iterator, Objects::const_iterator> range_of(const Objects& objects, std::string_view ns) {
  if (ns.empty()) return {objects.begin(), objects.end()};
  // '0' is the character after '/'.
  return {objects.lower_bound(fmt::format("{}/", ns)), objects.lower_bound(fmt::format("{}0", ns))};
}

}  // namespace

const Storage::Collection* Storage::find_collection(std::string_view resource) const {
  const auto found = collections_.find(resource);
  return found == collections_.end() ? nullptr : &found->second;
}

ObjectPtr Storage::find(std::string_view resource, std::string_view ns, std::string_view name) const {
  const auto* collection = find_collection(resource);
  if (collection == nullptr) return nullptr;
  const auto key = ns.empty() ? std::string(name) : fmt::format("{}/{}", ns, name);
  const auto found = collection->objects.find(key);
  return found == collection->objects.end() ? nullptr : found->second;
}

Snapshot Storage::list(std::string_view resource, std::string_view ns) const {
  Snapshot snapshot;
  snapshot.version = version_;
  const auto* collection = find_collection(resource);
  if (collection == nullptr) return snapshot;
  const auto [begin, end] = range_of(collection->objects, ns);
  for (auto i = begin; i != end; ++i) snapshot.items.push_back(i->second);
  return snapshot;
}

Result<Snapshot> Storage::list_at(std::string_view resource, std::string_view ns, Version version) const {
  if (version >= version_) return list(resource, ns);
  const auto events = since(resource, version);
  if (!events) return expired("The resourceVersion for the provided list is too old.");

  // The first event after `version` that touches a key tells what stood there before.
  std::map<std::string, ObjectPtr, std::less<>> before;
  for (const auto& event : *events) before.try_emplace(event.object->key, event.previous);
  Objects objects;
  if (const auto* collection = find_collection(resource)) objects = collection->objects;
  for (const auto& [key, object] : before) {
    if (object) {
      objects[key] = object;
    } else {
      objects.erase(key);
    }
  }
  Snapshot snapshot;
  snapshot.version = version;
  const auto [begin, end] = range_of(objects, ns);
  for (auto i = begin; i != end; ++i) snapshot.items.push_back(i->second);
  return snapshot;
}

Result<std::vector<Event>> Storage::since(std::string_view resource, Version version) const {
  const auto* collection = find_collection(resource);
  const auto floor = collection == nullptr ? options_.first_version - 1 : collection->floor;
  if (version < floor) return expired(fmt::format("too old resource version: {} ({})", version, floor));
  std::vector<Event> events;
  if (collection == nullptr) return events;
  const auto& history = collection->history;
  const auto first = std::upper_bound(history.begin(), history.end(), version,
                                      [](Version v, const Event& event) { return v < event.version(); });
  events.assign(first, history.end());
  return events;
}

}  // namespace ferry::apiserver
