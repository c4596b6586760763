#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/json.h"
#include "tests/apiserver/status.h"

namespace ferry::apiserver {

using Version = std::uint64_t;

/// One stored object, never changed once stored: a change stores another.
struct Object {
  /// The object without `kind` and `apiVersion`, its fields in the order of the API's types.
  Json value;
  /// `value` as text without its opening brace: lists put "{" before it, everything else the kind too.
  std::string tail;
  /// "namespace/name", or "name" for a resource without namespaces.
  std::string key;
  Version version = 0;

  [[nodiscard]] std::string_view name() const;
  /// Empty for a resource without namespaces.
  [[nodiscard]] std::string_view ns() const;
};
using ObjectPtr = std::shared_ptr<const Object>;

struct Event {
  enum class Type : std::uint8_t { kAdded, kModified, kDeleted };
  Type type = Type::kAdded;
  /// The object after the change; for kDeleted its last state, stamped with the version of the deletion.
  ObjectPtr object;
  /// The object before the change; null for kAdded.
  ObjectPtr previous;

  [[nodiscard]] Version version() const { return object->version; }
};

/// What was stored at one version, in the order of the keys.
struct Snapshot {
  Version version = 0;
  std::vector<ObjectPtr> items;
};

/// What must still be true of an object for it to be removed; empty fields ask for nothing.
struct Preconditions {
  std::string uid;
  std::string resource_version;
};

/// The objects of a cluster in memory: resources by their plural name ("services", "endpointslices"), one version
/// counter over all of them, and per resource a bounded history of events, from which watches resume and old
/// states are rebuilt. It stamps metadata (uid, creationTimestamp, generation, resourceVersion) and orders fields;
/// it neither sets defaults nor validates. Not thread safe: it belongs to the thread that runs the server's loop.
class Storage {
 public:
  struct Options {
    /// The version the first change gets.
    Version first_version = 1;
    /// Events kept per resource.
    std::size_t history = 10000;
    std::uint64_t seed = 1;
    std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
  };
  using Callback = std::function<void(const Event&)>;
  using Change = std::function<Result<Json>(const Object&)>;

  /// Hears events until it is destroyed. The Storage must outlive it.
  class Subscription;

  Storage();
  explicit Storage(Options options);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  /// Stores a new object; 409 when its name is taken. `metadata.generateName` is completed when there is no name.
  Result<ObjectPtr> create(std::string_view resource, Json object);
  /// Replaces an object; 404 when there is none, 409 when it names a resourceVersion that is not the current one.
  /// A replacement that changes nothing stores nothing. One that leaves an object that is being deleted without
  /// finalizers removes it.
  Result<ObjectPtr> replace(std::string_view resource, Json object);
  /// Replaces an object by what `change` makes of it.
  Result<ObjectPtr> update(std::string_view resource, std::string_view ns, std::string_view name, const Change& change);
  /// Removes an object and returns its last state. One with finalizers only gets its deletionTimestamp.
  Result<ObjectPtr> remove(std::string_view resource, std::string_view ns, std::string_view name,
                           const Preconditions& preconditions = {});

  /// Null when there is none.
  [[nodiscard]] ObjectPtr find(std::string_view resource, std::string_view ns, std::string_view name) const;
  /// Everything of a resource, or of one namespace of it, as it is now.
  [[nodiscard]] Snapshot list(std::string_view resource, std::string_view ns = {}) const;
  /// The same as it was at `version`; 410 when the history no longer reaches back to it.
  [[nodiscard]] Result<Snapshot> list_at(std::string_view resource, std::string_view ns, Version version) const;
  /// The events after `version`, oldest first; 410 when the history no longer reaches back to it.
  [[nodiscard]] Result<std::vector<Event>> since(std::string_view resource, Version version) const;

  /// Calls `callback` after every change of the resource, in order, before the change's function returns. It may
  /// change the storage and may subscribe or unsubscribe.
  [[nodiscard]] std::unique_ptr<Subscription> subscribe(std::string_view resource, Callback callback);

  /// The version of the latest change.
  [[nodiscard]] Version version() const { return version_; }
  /// Forgets every event: only watches from the current version on can resume.
  void compact();
  /// Goes back (or forward) to `version` as a restored backup does: the objects stay, no history remains, and no
  /// object is newer than `version`.
  void restore_at(Version version);

  /// `object` as it would be stored at `version`: fields ordered, text made.
  [[nodiscard]] static ObjectPtr make_object(std::string_view resource, Json object, Version version);
  /// The same state under another version: what a watch sends as DELETED when an object stops matching.
  [[nodiscard]] static ObjectPtr restamp(const Object& object, Version version);

 private:
  struct Collection {
    std::map<std::string, ObjectPtr, std::less<>> objects;
    std::deque<Event> history;
    /// The newest version that is no longer in the history.
    Version floor = 0;
    std::list<std::weak_ptr<Callback>> callbacks;
  };

  Collection& collection(std::string_view resource);
  [[nodiscard]] const Collection* find_collection(std::string_view resource) const;
  void publish(std::string_view resource, Event event);
  Result<ObjectPtr> store(std::string_view resource, const ObjectPtr& old, Json object);
  Result<ObjectPtr> erase(std::string_view resource, const ObjectPtr& old);
  std::string new_uid();
  std::string random_suffix();
  [[nodiscard]] std::string timestamp() const;

  Options options_;
  Version version_ = 0;
  std::mt19937_64 random_;
  std::map<std::string, Collection, std::less<>> collections_;
};

class Storage::Subscription {
 public:
  explicit Subscription(std::shared_ptr<Callback> callback) : callback_(std::move(callback)) {}

 private:
  std::shared_ptr<Callback> callback_;
};

}  // namespace ferry::apiserver
