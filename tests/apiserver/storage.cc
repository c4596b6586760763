#include "tests/apiserver/storage.h"

#include <algorithm>

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/resource.h"

namespace ferry::apiserver {
namespace {

Json& metadata_of(Json& object) {
  auto& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  return metadata;
}

std::string key_of(std::string_view ns, std::string_view name) {
  return ns.empty() ? std::string(name) : fmt::format("{}/{}", ns, name);
}

std::string_view group_of(std::string_view resource) {
  const auto* found = find_resource(resource);
  return found == nullptr ? std::string_view() : std::string_view(found->group);
}

/// Whether two states of an object differ in what a generation counts.
bool same_generation(const Json& old, const Json& now) {
  return old.value("endpoints", Json()) == now.value("endpoints", Json()) &&
         old.value("ports", Json()) == now.value("ports", Json());
}

}  // namespace

std::string_view Object::name() const {
  const std::string_view whole = key;
  const auto slash = whole.find('/');
  return slash == std::string_view::npos ? whole : whole.substr(slash + 1);
}

std::string_view Object::ns() const {
  const std::string_view whole = key;
  const auto slash = whole.find('/');
  return slash == std::string_view::npos ? std::string_view() : whole.substr(0, slash);
}

Storage::Storage() : Storage(Options{}) {}

Storage::Storage(Options options)
    : options_(std::move(options)), version_(options_.first_version - 1), random_(options_.seed) {}

Storage::~Storage() = default;

ObjectPtr Storage::make_object(std::string_view resource, Json object, Version version) {
  metadata_of(object)["resourceVersion"] = std::to_string(version);
  const auto* known = find_resource(resource);
  if (known != nullptr) {
    std::vector<std::string> unknown;
    auto ordered = canonical(*known->schema, object, unknown);
    if (ordered) object = std::move(*ordered);
  }
  auto stored = std::make_shared<Object>();
  stored->key = key_of(text_of(object["metadata"], "namespace"), text_of(object["metadata"], "name"));
  stored->version = version;
  stored->tail = object.dump(-1, ' ', false, Json::error_handler_t::replace).substr(1);
  stored->value = std::move(object);
  return stored;
}

ObjectPtr Storage::restamp(const Object& object, Version version) {
  auto stamped = std::make_shared<Object>(object);
  stamped->value["metadata"]["resourceVersion"] = std::to_string(version);
  stamped->version = version;
  stamped->tail = stamped->value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(1);
  return stamped;
}

Result<ObjectPtr> Storage::create(std::string_view resource, Json object) {
  object.erase("kind");
  object.erase("apiVersion");
  auto& metadata = metadata_of(object);
  if (text_of(metadata, "name").empty()) {
    metadata["name"] = text_of(metadata, "generateName") + random_suffix();
  }
  const auto name = text_of(metadata, "name");
  auto& objects = collection(resource).objects;
  if (objects.contains(key_of(text_of(metadata, "namespace"), name))) {
    return already_exists(resource, name, group_of(resource));
  }
  metadata["uid"] = new_uid();
  metadata["creationTimestamp"] = timestamp();
  metadata.erase("deletionTimestamp");
  metadata.erase("generation");
  if (resource == "endpointslices") metadata["generation"] = 1;
  return store(resource, nullptr, std::move(object));
}

Result<ObjectPtr> Storage::replace(std::string_view resource, Json object) {
  object.erase("kind");
  object.erase("apiVersion");
  auto& metadata = metadata_of(object);
  const auto name = text_of(metadata, "name");
  const auto old = find(resource, text_of(metadata, "namespace"), name);
  if (!old) return not_found(resource, name, group_of(resource));
  const auto& old_metadata = old->value.at("metadata");
  const auto wanted = text_of(metadata, "resourceVersion");
  if (!wanted.empty() && wanted != std::to_string(old->version)) {
    return conflict(resource, name,
                    "the object has been modified; please apply your changes to the latest version and try again",
                    group_of(resource));
  }
  const auto uid = text_of(metadata, "uid");
  if (!uid.empty() && uid != text_of(old_metadata, "uid")) {
    return conflict(resource, name,
                    fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", uid,
                                text_of(old_metadata, "uid")),
                    group_of(resource));
  }
  for (const char* field : {"uid", "creationTimestamp", "deletionTimestamp", "generation"}) {
    metadata.erase(field);
    if (old_metadata.contains(field)) metadata[field] = old_metadata[field];
  }
  return store(resource, old, std::move(object));
}

Result<ObjectPtr> Storage::update(std::string_view resource, std::string_view ns, std::string_view name,
                                  const Change& change) {
  const auto old = find(resource, ns, name);
  if (!old) return not_found(resource, name, group_of(resource));
  auto changed = change(*old);
  if (!changed) return changed.error();
  return replace(resource, std::move(*changed));
}

Result<ObjectPtr> Storage::remove(std::string_view resource, std::string_view ns, std::string_view name,
                                  const Preconditions& preconditions) {
  const auto old = find(resource, ns, name);
  if (!old) return not_found(resource, name, group_of(resource));
  const auto& metadata = old->value.at("metadata");
  const auto differs = [&](const char* what, const std::string& wanted, const std::string& is) {
    return conflict(
        resource, name,
        fmt::format("Precondition failed: {0} in precondition: {1}, {0} in object meta: {2}", what, wanted, is),
        group_of(resource));
  };
  const auto uid = text_of(metadata, "uid");
  if (!preconditions.uid.empty() && preconditions.uid != uid) return differs("UID", preconditions.uid, uid);
  const auto version = std::to_string(old->version);
  if (!preconditions.resource_version.empty() && preconditions.resource_version != version) {
    return differs("ResourceVersion", preconditions.resource_version, version);
  }
  if (!metadata.contains("finalizers")) return erase(resource, old);
  if (metadata.contains("deletionTimestamp")) return old;
  Json leaving = old->value;
  leaving["metadata"]["deletionTimestamp"] = timestamp();
  leaving["metadata"]["deletionGracePeriodSeconds"] = 0;
  return store(resource, old, std::move(leaving));
}

Result<ObjectPtr> Storage::store(std::string_view resource, const ObjectPtr& old, Json object) {
  if (old) {
    auto same = make_object(resource, object, old->version);
    if (same->tail == old->tail) return old;
    auto& metadata = object["metadata"];
    if (!same->value["metadata"].contains("finalizers") && metadata.contains("deletionTimestamp")) {
      return erase(resource, same);
    }
    if (metadata.contains("generation") && !same_generation(old->value, same->value)) {
      metadata["generation"] = metadata["generation"].get<std::int64_t>() + 1;
    }
  }
  auto stored = make_object(resource, std::move(object), ++version_);
  collection(resource).objects[stored->key] = stored;
  publish(resource, {old ? Event::Type::kModified : Event::Type::kAdded, stored, old});
  return stored;
}

Result<ObjectPtr> Storage::erase(std::string_view resource, const ObjectPtr& old) {
  auto last = restamp(*old, ++version_);
  collection(resource).objects.erase(old->key);
  publish(resource, {Event::Type::kDeleted, last, old});
  return last;
}

void Storage::publish(std::string_view resource, Event event) {
  auto& target = collection(resource);
  target.history.push_back(event);
  while (target.history.size() > options_.history) {
    target.floor = target.history.front().version();
    target.history.pop_front();
  }
  // A copy: a callback may subscribe, and may drop any subscription, its own too.
  const auto callbacks = target.callbacks;
  for (const auto& weak : callbacks) {
    if (const auto callback = weak.lock()) (*callback)(event);
  }
  target.callbacks.remove_if([](const auto& weak) { return weak.expired(); });
}

std::unique_ptr<Storage::Subscription> Storage::subscribe(std::string_view resource, Callback callback) {
  auto shared = std::make_shared<Callback>(std::move(callback));
  collection(resource).callbacks.push_back(shared);
  return std::make_unique<Subscription>(std::move(shared));
}

void Storage::compact() {
  for (auto& [name, collection] : collections_) {
    collection.history.clear();
    collection.floor = version_;
  }
  options_.first_version = std::max(options_.first_version, version_ + 1);
}

void Storage::restore_at(Version version) {
  version_ = version;
  options_.first_version = version + 1;
  for (auto& [resource, collection] : collections_) {
    collection.history.clear();
    collection.floor = version;
    for (auto& [key, object] : collection.objects) {
      if (object->version > version) object = restamp(*object, version);
    }
  }
}

Storage::Collection& Storage::collection(std::string_view resource) {
  const auto found = collections_.find(resource);
  if (found != collections_.end()) return found->second;
  auto& fresh = collections_[std::string(resource)];
  fresh.floor = options_.first_version - 1;
  return fresh;
}

std::string Storage::new_uid() {
  const auto high = random_();
  const auto low = random_();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff,
                     8 + (low >> 62), low >> 48 & 0xfff, low & 0xffff'ffff'ffff);
}

std::string Storage::random_suffix() {
  // Kubernetes leaves vowels and look-alikes out, so that no word comes about.
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < 5; ++i) suffix += kLetters[random_() % kLetters.size()];
  return suffix;
}

std::string Storage::timestamp() const {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(options_.now())));
}

}  // namespace ferry::apiserver
