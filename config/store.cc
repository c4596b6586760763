#include "config/store.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "config/service_join.h"

namespace ferry::config {
namespace {

using InfoPointer = std::shared_ptr<const ServicePortInfo>;

/// Of all that there is this many service ports are reported at a time, or a few more: a large cluster's, with what is
/// to be done about each, would stand in memory at once.
constexpr std::size_t kPortion = 1024;

/// What the store holds about one service name, whichever sources brought it.
struct Entry {
  /// Pointers into the sources' maps, in the order of the sources; the first counts.
  std::vector<std::pair<std::size_t, const Service*>> services;
  std::vector<std::pair<std::size_t, const EndpointSlice*>> slices;
  /// As last reported.
  std::vector<InfoPointer> reported;

  bool unused() const { return services.empty() && slices.empty() && reported.empty(); }
};

template <class T>
void link(std::vector<std::pair<std::size_t, const T*>>& links, std::size_t source, const T* object) {
  const auto after = std::upper_bound(links.begin(), links.end(), source,
                                      [](std::size_t value, const auto& other) { return value < other.first; });
  links.insert(after, {source, object});
}

template <class T>
void unlink(std::vector<std::pair<std::size_t, const T*>>& links, const T* object) {
  std::erase_if(links, [object](const auto& other) { return other.second == object; });
}

std::uint32_t refused_in(const std::vector<InfoPointer>& infos) {
  std::uint32_t count = 0;
  for (const InfoPointer& info : infos) count += info->refused_endpoints;
  return count;
}

/// Keeps the set that was handed out before where nothing in it changed.
void share_unchanged_sets(ServicePortInfo& info, const ServicePortInfo& before) {
  for (std::size_t family = 0; family < info.backends.size(); ++family) {
    FamilyBackends& now = info.backends[family];
    const FamilyBackends& then = before.backends[family];
    if (*now.cluster == *then.cluster) now.cluster = then.cluster;
    if (*now.local == *then.local) now.local = then.local;
    if (now.staying && then.staying && *now.staying == *then.staying) now.staying = then.staying;
  }
}

}  // namespace

struct Store::Impl {
  class SourceImpl;
  using Affected = std::unordered_set<NamespacedName>;

  Impl(StoreOptions given, Subscriber told) : options(std::move(given)), subscriber(std::move(told)) {
    join.node = options.node;
    join.is_service_address = [this](const IpAddress& address) { return is_service_address(address); };
    join.loopback_allowed = std::any_of(options.service_ranges.begin(), options.service_ranges.end(),
                                        [](const IpPrefix& range) { return range.address().is_loopback(); });
  }

  bool is_service_address(const IpAddress& address) const {
    return cluster_ips.contains(address) || std::any_of(options.service_ranges.begin(), options.service_ranges.end(),
                                                        [&](const IpPrefix& range) { return range.contains(address); });
  }

  bool serves(const Service& service) const { return service.service_proxy_name == options.service_proxy_name; }

  void attach(std::size_t source, const Service& service) {
    link(entries[service.name].services, source, &service);
    for (const IpAddress& address : service.cluster_ips) ++cluster_ips[address];
  }
  void detach(const Service& service) {
    unlink(entries[service.name].services, &service);
    for (const IpAddress& address : service.cluster_ips) {
      const auto found = cluster_ips.find(address);
      if (--found->second == 0) cluster_ips.erase(found);
    }
  }
  static NamespacedName owner_of(const EndpointSlice& slice) { return {slice.name.ns, slice.service}; }
  void attach(std::size_t source, const EndpointSlice& slice) { link(entries[owner_of(slice)].slices, source, &slice); }
  void detach(const EndpointSlice& slice) { unlink(entries[owner_of(slice)].slices, &slice); }

  bool synced() const;
  /// Rejoins what was affected and reports what differs; the first time all sources have synced, everything.
  void settle(const Affected& affected);
  void tell(const std::vector<ServicePortChange>& changes);
  void tell_triggers();
  void rejoin(Entry& entry, std::vector<ServicePortChange>& changes);
  void report(Entry& entry, std::vector<InfoPointer> now, std::vector<ServicePortChange>& changes);
  /// Rejoins everything and reports what differs, in portions: for changes that move no address to another service.
  void rejoin_all();

  StoreOptions options;
  Subscriber subscriber;
  JoinContext join;
  std::vector<std::unique_ptr<SourceImpl>> sources;
  std::unordered_map<NamespacedName, Entry> entries;
  /// How many services have the address.
  std::unordered_map<IpAddress, std::size_t> cluster_ips;
  StoreStats stats;
  /// Of the slices that changed since the last report.
  std::vector<std::chrono::system_clock::time_point> triggers;
  bool reporting = false;
};

/// Owns the objects one source brought. The maps never move their elements, so entries may point into them.
class Store::Impl::SourceImpl final : public Store::Source {
 public:
  SourceImpl(Impl& store, std::size_t index, std::string name) : store_(store), index_(index), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }

  void set_services(std::vector<Service> services) override {
    services_delivered_ = true;
    replace_all(services_, std::move(services), store_.stats.services);
  }
  void add_service(Service service) override { add(services_, std::move(service), store_.stats.services); }
  void remove_service(const NamespacedName& name) override { remove(services_, name, store_.stats.services); }

  void set_slices(std::vector<EndpointSlice> slices) override {
    slices_delivered_ = true;
    replace_all(slices_, std::move(slices), store_.stats.slices);
  }
  void add_slice(EndpointSlice slice) override { add(slices_, std::move(slice), store_.stats.slices); }
  void remove_slice(const NamespacedName& name) override { remove(slices_, name, store_.stats.slices); }

  bool synced() const { return services_delivered_ && slices_delivered_; }

 private:
  template <class T>
  using Objects = std::unordered_map<NamespacedName, T>;

  static NamespacedName service_of(const Service& service) { return service.name; }
  static NamespacedName service_of(const EndpointSlice& slice) { return owner_of(slice); }

  void note_trigger(const Service* /*before*/, const Service& /*now*/) {}
  void note_trigger(const EndpointSlice* before, const EndpointSlice& now) {
    if (!store_.reporting || !now.triggered_at) return;
    if (before && before->triggered_at == now.triggered_at) return;
    if (before && before->service == now.service && before->subsets == now.subsets) return;
    store_.triggers.push_back(*now.triggered_at);
  }

  /// Inserts or replaces one object, without settling.
  template <class T>
  void put(Objects<T>& objects, T object, std::size_t& count, Affected& affected) {
    ++store_.stats.objects_visited;
    const auto found = objects.find(object.name);
    if (found != objects.end()) {
      if (found->second == object) return;
      note_trigger(&found->second, object);
      store_.detach(found->second);
      affected.insert(service_of(found->second));
      affected.insert(service_of(object));
      found->second = std::move(object);
      store_.attach(index_, found->second);
      return;
    }
    note_trigger(nullptr, object);
    affected.insert(service_of(object));
    NamespacedName name = object.name;
    const auto inserted = objects.emplace(std::move(name), std::move(object)).first;
    ++count;
    store_.attach(index_, inserted->second);
  }

  template <class T>
  typename Objects<T>::iterator erase(Objects<T>& objects, typename Objects<T>::iterator at, std::size_t& count,
                                      Affected& affected) {
    ++store_.stats.objects_visited;
    affected.insert(service_of(at->second));
    store_.detach(at->second);
    --count;
    return objects.erase(at);
  }

  template <class T>
  void add(Objects<T>& objects, T object, std::size_t& count) {
    Affected affected;
    put(objects, std::move(object), count, affected);
    store_.settle(affected);
  }

  template <class T>
  void remove(Objects<T>& objects, const NamespacedName& name, std::size_t& count) {
    const auto found = objects.find(name);
    if (found == objects.end()) return;
    Affected affected;
    erase(objects, found, count, affected);
    store_.settle(affected);
  }

  template <class T>
  void replace_all(Objects<T>& objects, std::vector<T> now, std::size_t& count) {
    // In two steps, for settling may take much memory, and what is left of the list is none of it.
    store_.settle(exchange_all(objects, std::move(now), count));
  }

  template <class T>
  Affected exchange_all(Objects<T>& objects, std::vector<T> now, std::size_t& count) {
    Affected affected;
    std::unordered_set<NamespacedName> kept;
    kept.reserve(now.size());
    for (T& object : now) {
      kept.insert(object.name);
      put(objects, std::move(object), count, affected);
    }
    for (auto at = objects.begin(); at != objects.end();) {
      at = kept.contains(at->first) ? std::next(at) : erase(objects, at, count, affected);
    }
    return affected;
  }

  Impl& store_;
  std::size_t index_;
  std::string name_;
  Objects<Service> services_;
  Objects<EndpointSlice> slices_;
  bool services_delivered_ = false;
  bool slices_delivered_ = false;
};

bool Store::Impl::synced() const {
  return !sources.empty() && std::all_of(sources.begin(), sources.end(), [](const auto& s) { return s->synced(); });
}

void Store::Impl::settle(const Affected& affected) {
  if (!reporting) {
    if (!synced()) return;
    reporting = true;
    rejoin_all();
    return;
  }
  std::vector<ServicePortChange> changes;
  for (const NamespacedName& name : affected) {
    const auto found = entries.find(name);
    if (found == entries.end()) continue;
    rejoin(found->second, changes);
    if (found->second.unused()) entries.erase(found);
  }
  tell(changes);
  tell_triggers();
}

void Store::Impl::tell(const std::vector<ServicePortChange>& changes) {
  stats.changes_reported += changes.size();
  if (!changes.empty()) subscriber(changes);
}

void Store::Impl::tell_triggers() {
  const auto told = std::exchange(triggers, {});
  if (!told.empty() && options.on_triggered) options.on_triggered(told);
}

void Store::Impl::rejoin_all() {
  std::vector<ServicePortChange> changes;
  for (auto& [name, entry] : entries) {
    rejoin(entry, changes);
    if (changes.size() >= kPortion) tell(std::exchange(changes, {}));
  }
  std::erase_if(entries, [](const auto& named) { return named.second.unused(); });
  tell(changes);
}

void Store::Impl::rejoin(Entry& entry, std::vector<ServicePortChange>& changes) {
  std::vector<InfoPointer> now;
  ++stats.objects_visited;
  if (!entry.services.empty() && serves(*entry.services.front().second)) {
    std::vector<const EndpointSlice*> slices;
    slices.reserve(entry.slices.size());
    for (const auto& [source, slice] : entry.slices) slices.push_back(slice);
    stats.objects_visited += slices.size();
    for (ServicePortInfo& info : join_service(*entry.services.front().second, slices, join)) {
      now.push_back(std::make_shared<const ServicePortInfo>(std::move(info)));
    }
  }
  report(entry, std::move(now), changes);
}

void Store::Impl::report(Entry& entry, std::vector<InfoPointer> now, std::vector<ServicePortChange>& changes) {
  stats.service_ports += now.size();
  stats.service_ports -= entry.reported.size();
  stats.refused_endpoints += refused_in(now);
  stats.refused_endpoints -= refused_in(entry.reported);
  // A service has few ports, so a scan beats a map.
  for (const InfoPointer& before : entry.reported) {
    const bool kept = std::any_of(now.begin(), now.end(), [&](const auto& info) { return info->name == before->name; });
    if (!kept) changes.push_back({before->name, before, nullptr});
  }
  for (InfoPointer& info : now) {
    const auto before = std::find_if(entry.reported.begin(), entry.reported.end(),
                                     [&](const auto& other) { return other->name == info->name; });
    if (before == entry.reported.end()) {
      changes.push_back({info->name, nullptr, info});
    } else if (**before == *info) {
      info = *before;
    } else {
      auto shared = std::make_shared<ServicePortInfo>(*info);
      share_unchanged_sets(*shared, **before);
      info = std::move(shared);
      changes.push_back({info->name, *before, info});
    }
  }
  entry.reported = std::move(now);
}

Store::Store(StoreOptions options, Subscriber subscriber)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(subscriber))) {}

Store::~Store() = default;

Store::Source& Store::add_source(std::string name) {
  impl_->sources.push_back(std::make_unique<Impl::SourceImpl>(*impl_, impl_->sources.size(), std::move(name)));
  return *impl_->sources.back();
}

bool Store::synced() const { return impl_->synced(); }

void Store::set_node(NodeIdentity node) {
  if (impl_->join.node == node) return;
  impl_->join.node = std::move(node);
  if (impl_->reporting) impl_->rejoin_all();
}

const NodeIdentity& Store::node() const { return impl_->join.node; }

std::vector<std::shared_ptr<const ServicePortInfo>> Store::service_ports() const {
  std::vector<InfoPointer> infos;
  infos.reserve(impl_->stats.service_ports);
  for (const auto& [name, entry] : impl_->entries) {
    infos.insert(infos.end(), entry.reported.begin(), entry.reported.end());
  }
  return infos;
}

std::optional<ServiceDescription> Store::describe(const NamespacedName& name) const {
  const auto found = impl_->entries.find(name);
  if (found == impl_->entries.end() || found->second.services.empty()) return std::nullopt;
  const Service& service = *found->second.services.front().second;
  std::vector<const EndpointSlice*> slices;
  for (const auto& [source, slice] : found->second.slices) slices.push_back(slice);
  ServiceDescription description = describe_service(service, slices, impl_->join);
  description.served = description.served && impl_->serves(service);
  return description;
}

StoreStats Store::stats() const { return impl_->stats; }

}  // namespace ferry::config
