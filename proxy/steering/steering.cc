#include "proxy/steering/steering.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <spdlog/fmt/fmt.h>

#include "proxy/bpf/addresses.h"
#include "proxy/settings/service_settings.h"
#include "proxy/steering/endpoint_list.h"
#include "proxy/steering/kernel_side.h"

namespace ferry::proxy {

namespace asio = boost::asio;
using config::AddressFamily;
using config::Backend;
using config::IpAddress;
using config::ServicePortInfo;
using config::ServicePortName;

namespace {

/// How much of a map is in use when it is warned of, and when that is over; percent.
constexpr std::size_t kNearlyFull = 80;
constexpr std::size_t kFullNoMore = 70;

constexpr std::string_view kPaused = "an endpoint has not taken a connection lately";

constexpr std::string_view kNoRoom = "the steering maps have no room for it";

/// Compares keys and values of maps, none of which has padding.
struct ByBytes {
  template <typename Layout>
  bool operator()(const Layout& a, const Layout& b) const {
    return std::memcmp(&a, &b, sizeof(Layout)) < 0;
  }
};

template <typename Layout>
bool same(const Layout& a, const Layout& b) {
  return std::memcmp(&a, &b, sizeof(Layout)) == 0;
}

struct HashBytes {
  std::size_t operator()(const ferry_steered_at& at) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(&at), sizeof(at)});
  }
};
struct SameBytes {
  bool operator()(const ferry_steered_at& a, const ferry_steered_at& b) const { return same(a, b); }
};

std::uint64_t value_of(__u64& counter) { return std::atomic_ref<__u64>(counter).load(std::memory_order_relaxed); }

void set(__u64& counter, std::uint64_t value) {
  std::atomic_ref<__u64>(counter).store(value, std::memory_order_relaxed);
}

SteeredCounters counters_of(ferry_steered_port& port) {
  return {.dialled = value_of(port.dialled),
          .failed = value_of(port.failed),
          .given_up = value_of(port.given_up),
          .closed = value_of(port.closed),
          .bytes_to_endpoint = value_of(port.bytes_to_endpoint),
          .bytes_to_client = value_of(port.bytes_to_client)};
}

void set_counters(ferry_steered_port& port, const SteeredCounters& counters) {
  set(port.dialled, counters.dialled);
  set(port.failed, counters.failed);
  set(port.given_up, counters.given_up);
  set(port.closed, counters.closed);
  set(port.bytes_to_endpoint, counters.bytes_to_endpoint);
  set(port.bytes_to_client, counters.bytes_to_client);
}

std::size_t index_of(AddressFamily family) { return static_cast<std::size_t>(family); }

__u32 list_number(__u32 number, AddressFamily family) {
  return static_cast<__u32>(config::kAddressFamilies.size()) * number + static_cast<__u32>(family);
}

/// Where connections to a cluster address go.
const std::shared_ptr<const config::BackendSet>& endpoints_of(const ServicePortInfo& info, AddressFamily family) {
  const config::FamilyBackends& backends = info.backends_of(family);
  return info.internal_traffic_policy == config::TrafficPolicy::kLocal ? backends.local : backends.cluster;
}

__u32 affinity_seconds(const ServicePortInfo& info) {
  if (info.session_affinity == config::SessionAffinity::kNone) return 0;
  return static_cast<__u32>(std::max<std::chrono::seconds::rep>(1, info.affinity_timeout.count()));
}

/// A service port, and what of it is in the maps.
struct Entry {
  const ServicePortName* name = nullptr;
  std::shared_ptr<const ServicePortInfo> info;
  /// Its place in the map of ports; 0: none yet.
  __u32 number = 0;
  std::array<EndpointList, config::kAddressFamilies.size()> lists;
  struct Steered {
    ferry_steered_at at{};
    ferry_steered steered{};
  };
  std::vector<Steered> steered;
  bool paused = false;
  /// Empty: it is steered.
  std::string_view why_not;

  std::vector<ferry_steered_at> addresses() const {
    std::vector<ferry_steered_at> all;
    if (name->protocol != config::Protocol::kTcp) return all;
    for (const IpAddress& address : info->cluster_ips) all.push_back({layout_of(address), info->port, 0});
    return all;
  }
};

class BpfSteering final : public Steering {
 public:
  BpfSteering(const asio::any_io_executor& executor, const SteeringOptions& options, const ServicePorts& service_ports,
              OnTrouble on_trouble, std::shared_ptr<spdlog::logger> logger);
  ~BpfSteering() override;
  BpfSteering(const BpfSteering&) = delete;
  BpfSteering& operator=(const BpfSteering&) = delete;

  void apply(const std::vector<config::ServicePortChange>& changes) override;
  void pause(const ServicePortName& name, bool paused) override;

  std::string why_not() const override;
  std::optional<SteeredPort> port(const ServicePortName& name) const override;
  SteeringSnapshot snapshot() const override;
  SteeredCounters totals() const override;

 private:
  void hear_troubles();
  void take(const ferry_trouble& trouble);

  void take_up(const ServicePorts& service_ports);
  void drop_members_but_those_wanted(const std::vector<ferry_steered_member>& members);
  /// False: another process writes the maps now, and this one may not.
  bool holds();

  void put(const ServicePortName& name, std::shared_ptr<const ServicePortInfo> info);
  void remove(const ServicePortName& name);
  /// Others that have one of the addresses may be steered now, or no more.
  void write_others(const Entry& entry, const std::vector<ferry_steered_at>& addresses);
  void claim(Entry& entry);
  void release(const Entry& entry);
  bool is_contested(const Entry& entry) const;
  /// Brings the maps to what is to be.
  void write(Entry& entry);
  std::string_view bring_endpoints(Entry& entry);
  void clear_lists(Entry& entry);
  /// False: there is no room.
  bool steer(Entry& entry, bool on);
  void release_number(Entry& entry);
  __u32 take_number(Entry& entry);

  SteeredPort seen(const Entry& entry) const;
  SteeredCounters sum_of_all() const;
  std::vector<SteeringMap> map_use(const SteeredCounters& totals) const;
  void warn_of_full(const std::vector<SteeringMap>& maps) const;

  OnTrouble on_trouble_;
  std::shared_ptr<spdlog::logger> logger_;
  const bool pinned_;
  /// What this process is known by to others that may write the maps.
  const std::uint64_t holder_ = std::uint64_t{std::random_device{}()} << 32U | std::random_device{}();
  /// Guards what follows against those who look.
  mutable std::mutex mutex_;
  KernelSide kernel_;
  bool superseded_ = false;
  std::unordered_map<ServicePortName, Entry> entries_;
  std::unordered_multimap<ferry_steered_at, Entry*, HashBytes, SameBytes> claims_;
  std::vector<Entry*> by_number_;
  std::deque<__u32> free_numbers_;
  std::size_t endpoints_ = 0;
  std::size_t members_ = 0;
  std::size_t steered_addresses_ = 0;
  /// Those that were warned of.
  mutable std::set<std::string> nearly_full_;
  std::set<Entry*> without_room_;
  /// Since it was last looked whether they have room now.
  bool room_came_ = false;
  std::uint64_t pauses_ = 0;
  std::minstd_rand random_{std::random_device{}()};
  std::shared_ptr<asio::posix::stream_descriptor> troubles_;
};

BpfSteering::BpfSteering(const asio::any_io_executor& executor, const SteeringOptions& options,
                         const ServicePorts& service_ports, OnTrouble on_trouble,
                         std::shared_ptr<spdlog::logger> logger)
    : on_trouble_(std::move(on_trouble)),
      logger_(std::move(logger)),
      pinned_(!options.pin_path.empty()),
      kernel_(options) {
  const int copy = ::fcntl(kernel_.troubles_descriptor(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw std::runtime_error(fmt::format("no descriptor to hear of troubles by: {}", std::strerror(errno)));
  troubles_ = std::make_shared<asio::posix::stream_descriptor>(executor, copy);
  take_up(service_ports);
  kernel_.attach(options.cgroup);
  hear_troubles();
}

BpfSteering::~BpfSteering() {
  boost::system::error_code ignored;
  troubles_->close(ignored);
}

void BpfSteering::hear_troubles() {
  troubles_->async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, keep = troubles_](const boost::system::error_code& code) {
                          if (code.failed()) return;
                          kernel_.hear_troubles([this](const ferry_trouble& trouble) { take(trouble); });
                          hear_troubles();
                        });
}

void BpfSteering::take(const ferry_trouble& trouble) {
  std::optional<SteeringTrouble> told;
  {
    const std::lock_guard lock(mutex_);
    if (trouble.number >= by_number_.size() || by_number_[trouble.number] == nullptr) return;
    const auto& lists = by_number_[trouble.number]->lists;
    const bool is_there = std::any_of(lists.begin(), lists.end(),
                                      [&trouble](const EndpointList& list) { return list.contains(trouble.endpoint); });
    // A connection to one that has gone says nothing of those that there are.
    if (!is_there) return;
    told = {*by_number_[trouble.number]->name,
            Backend{.address = address_of(trouble.endpoint.address), .port = trouble.endpoint.port},
            static_cast<int>(trouble.error)};
  }
  on_trouble_(*told);
}

void BpfSteering::take_up(const ServicePorts& service_ports) {
  KernelSide::Left left = kernel_.take_up(holder_);
  const auto ports = kernel_.ports();
  const std::size_t places = std::clamp<std::size_t>(ports[FERRY_SUMS].cursor, FERRY_FIRST_PORT, ports.size());
  by_number_.resize(places);
  std::unordered_map<ferry_steered_at, KernelSide::Left::Service*, HashBytes, SameBytes> by_address;
  for (KernelSide::Left::Service& service : left.services) by_address.emplace(service.at, &service);
  for (const auto& info : service_ports) {
    const auto found = entries_.try_emplace(info->name).first;
    Entry& entry = found->second;
    entry.name = &found->first;
    entry.info = info;
    claim(entry);
    for (const ferry_steered_at& at : entry.addresses()) {
      const auto known = by_address.find(at);
      if (known == by_address.end()) continue;
      KernelSide::Left::Service& service = *known->second;
      const __u32 number = service.steered.number;
      const bool valid = number >= FERRY_FIRST_PORT && number < places;
      if (valid && entry.number == 0 && by_number_[number] == nullptr) {
        entry.number = number;
        by_number_[number] = &entry;
      }
      if (!valid || entry.number != number) continue;
      if (service.in_map) entry.steered.push_back({at, service.steered});
      if (!service.endpoints.empty()) {
        EndpointList& list = entry.lists.at(service.steered.list % config::kAddressFamilies.size());
        list.adopt(service.steered.list, std::move(service.endpoints));
        service.endpoints.clear();
        endpoints_ += list.count();
      }
      by_address.erase(known);
    }
    steered_addresses_ += entry.steered.size();
  }
  // Nobody knows these any more.
  auto services = kernel_.services();
  for (const auto& [at, service] : by_address) {
    if (service->in_map) services.drop(at);
    auto endpoints = kernel_.endpoints();
    for (__u32 index = 0; index < service->endpoints.size(); ++index) endpoints.drop({service->steered.list, index});
  }
  for (__u32 number = FERRY_FIRST_PORT; number < places; ++number) {
    if (by_number_[number] == nullptr) free_numbers_.push_back(number);
  }
  for (auto& [name, entry] : entries_) write(entry);
  drop_members_but_those_wanted(left.members);
}

void BpfSteering::drop_members_but_those_wanted(const std::vector<ferry_steered_member>& members) {
  if (members.empty()) return;
  std::set<ferry_steered_member, ByBytes> wanted;
  for (const auto& [name, entry] : entries_) {
    for (const AddressFamily family : config::kAddressFamilies) {
      const EndpointList& list = entry.lists.at(index_of(family));
      if (!list.has_members()) continue;
      for (const ferry_steered_endpoint& endpoint : list.endpoints()) {
        wanted.insert({list_number(entry.number, family), endpoint});
      }
    }
  }
  auto map = kernel_.members();
  for (const ferry_steered_member& member : members) {
    if (wanted.count(member) == 0) map.drop(member);
  }
}

bool BpfSteering::holds() {
  if (superseded_) return false;
  if (kernel_.holds(holder_)) return true;
  superseded_ = true;
  logger_->info("another kube-ferry has taken up the steering");
  return false;
}

void BpfSteering::apply(const std::vector<config::ServicePortChange>& changes) {
  for (const config::ServicePortChange& change : changes) {
    const std::lock_guard lock(mutex_);
    if (!holds()) return;
    if (change.after) {
      put(change.name, change.after);
    } else {
      remove(change.name);
    }
  }
  const std::lock_guard lock(mutex_);
  // What there was no room for may have found some.
  if (std::exchange(room_came_, false)) {
    for (Entry* const entry : std::exchange(without_room_, {})) write(*entry);
  }
}

void BpfSteering::put(const ServicePortName& name, std::shared_ptr<const ServicePortInfo> info) {
  const auto [found, is_new] = entries_.try_emplace(name);
  Entry& entry = found->second;
  entry.name = &found->first;
  std::vector<ferry_steered_at> addresses;
  if (!is_new) {
    addresses = entry.addresses();
    release(entry);
  }
  entry.info = std::move(info);
  claim(entry);
  const std::vector<ferry_steered_at> now = entry.addresses();
  addresses.insert(addresses.end(), now.begin(), now.end());
  write_others(entry, addresses);
  write(entry);
}

void BpfSteering::remove(const ServicePortName& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  const std::vector<ferry_steered_at> addresses = entry.addresses();
  steer(entry, false);
  clear_lists(entry);
  release_number(entry);
  release(entry);
  without_room_.erase(&entry);
  room_came_ = true;
  write_others(entry, addresses);
  entries_.erase(found);
}

void BpfSteering::claim(Entry& entry) {
  for (const ferry_steered_at& at : entry.addresses()) claims_.emplace(at, &entry);
}

void BpfSteering::release(const Entry& entry) {
  for (const ferry_steered_at& at : entry.addresses()) {
    const auto [begin, end] = claims_.equal_range(at);
    const auto own = std::find_if(begin, end, [&entry](const auto& claim) { return claim.second == &entry; });
    if (own != end) claims_.erase(own);
  }
}

bool BpfSteering::is_contested(const Entry& entry) const {
  const auto addresses = entry.addresses();
  return std::any_of(addresses.begin(), addresses.end(), [this, &entry](const ferry_steered_at& at) {
    const auto [begin, end] = claims_.equal_range(at);
    return std::any_of(begin, end, [&entry](const auto& claim) { return claim.second != &entry; });
  });
}

void BpfSteering::write_others(const Entry& entry, const std::vector<ferry_steered_at>& addresses) {
  for (const ferry_steered_at& at : addresses) {
    const auto [begin, end] = claims_.equal_range(at);
    std::for_each(begin, end, [this, &entry](const auto& claim) {
      if (claim.second != &entry) write(*claim.second);
    });
  }
}

void BpfSteering::write(Entry& entry) {
  const std::size_t endpoints_before = endpoints_;
  const std::size_t addresses_before = steered_addresses_;
  without_room_.erase(&entry);
  entry.why_not = why_not_steered(*entry.info);
  // The relay knows who of them came first.
  if (entry.why_not.empty() && is_contested(entry)) entry.why_not = "another service port has its address";
  if (entry.why_not.empty()) entry.why_not = bring_endpoints(entry);
  if (entry.why_not.empty() && entry.paused) {
    entry.why_not = kPaused;
    steer(entry, false);
  } else if (entry.why_not.empty()) {
    if (!steer(entry, true)) {
      entry.why_not = kNoRoom;
      steer(entry, false);
    }
  } else {
    steer(entry, false);
    clear_lists(entry);
  }
  for (EndpointList& list : entry.lists) list.settle(kernel_);
  if (entry.why_not == kNoRoom) without_room_.insert(&entry);
  if (endpoints_ < endpoints_before || steered_addresses_ < addresses_before) room_came_ = true;
}

void BpfSteering::clear_lists(Entry& entry) {
  for (EndpointList& list : entry.lists) {
    endpoints_ -= list.count();
    if (list.has_members()) members_ -= list.count();
    list.clear(kernel_);
  }
}

std::string_view BpfSteering::bring_endpoints(Entry& entry) {
  if (entry.number == 0 && take_number(entry) == 0) return kNoRoom;
  const bool members = affinity_seconds(*entry.info) > 0;
  bool room = true;
  for (const AddressFamily family : config::kAddressFamilies) {
    EndpointList& list = entry.lists.at(index_of(family));
    endpoints_ -= list.count();
    if (list.has_members()) members_ -= list.count();
    room = list.bring(kernel_, list_number(entry.number, family), endpoints_of(*entry.info, family), members) && room;
    endpoints_ += list.count();
    if (list.has_members()) members_ += list.count();
  }
  return room ? std::string_view() : kNoRoom;
}

bool BpfSteering::steer(Entry& entry, bool on) {
  auto map = kernel_.services();
  std::vector<Entry::Steered> former = std::exchange(entry.steered, {});
  bool room = true;
  if (on) {
    const __u32 flags = read_settings(entry.info->annotations).settings->load_balancing == LoadBalancing::kRandom
                            ? static_cast<__u32>(FERRY_STEER_AT_RANDOM)
                            : 0;
    for (const IpAddress& address : entry.info->cluster_ips) {
      const EndpointList& list = entry.lists.at(index_of(address.family()));
      // The relay refuses where there is none.
      if (list.count() == 0) continue;
      const Entry::Steered next{{layout_of(address), entry.info->port, 0},
                                {entry.number, list_number(entry.number, address.family()), list.count(),
                                 affinity_seconds(*entry.info), flags}};
      const auto before = std::find_if(former.begin(), former.end(),
                                       [&next](const Entry::Steered& one) { return same(one.at, next.at); });
      const bool as_it_is = before != former.end() && same(before->steered, next.steered);
      if (!as_it_is && !map.put(next.at, next.steered)) {
        room = false;
        continue;
      }
      entry.steered.push_back(next);
      if (before != former.end()) {
        former.erase(before);
      } else {
        ++steered_addresses_;
      }
    }
  }
  for (const Entry::Steered& gone : former) {
    map.drop(gone.at);
    --steered_addresses_;
  }
  return room;
}

__u32 BpfSteering::take_number(Entry& entry) {
  const auto ports = kernel_.ports();
  const auto idle = [&ports](__u32 number) { return counters_of(ports[number]).open() == 0; };
  // What is still open there would be counted for another.
  auto free = std::find_if(free_numbers_.begin(), free_numbers_.end(), idle);
  if (free == free_numbers_.end() && by_number_.size() >= ports.size()) free = free_numbers_.begin();
  if (free != free_numbers_.end()) {
    entry.number = *free;
    free_numbers_.erase(free);
    ferry_steered_port& port = ports[entry.number];
    SteeredCounters sums = counters_of(ports[FERRY_SUMS]);
    sums += counters_of(port);
    set_counters(ports[FERRY_SUMS], sums);
    set_counters(port, {});
  } else if (by_number_.size() < ports.size()) {
    entry.number = static_cast<__u32>(by_number_.size());
    by_number_.push_back(nullptr);
    set(ports[FERRY_SUMS].cursor, by_number_.size());
  } else {
    return 0;
  }
  by_number_[entry.number] = &entry;
  // Not all nodes are to begin with the same endpoint.
  set(ports[entry.number].cursor, random_());
  return entry.number;
}

void BpfSteering::release_number(Entry& entry) {
  if (entry.number == 0) return;
  by_number_[entry.number] = nullptr;
  free_numbers_.push_back(std::exchange(entry.number, 0));
}

void BpfSteering::pause(const ServicePortName& name, bool paused) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end() || !holds() || std::exchange(found->second.paused, paused) == paused) return;
  if (paused) ++pauses_;
  write(found->second);
}

std::string BpfSteering::why_not() const {
  const std::lock_guard lock(mutex_);
  return superseded_ ? "another kube-ferry has taken up the steering" : "";
}

std::optional<SteeredPort> BpfSteering::port(const ServicePortName& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::nullopt;
  return seen(found->second);
}

SteeredPort BpfSteering::seen(const Entry& entry) const {
  SteeredPort made{std::string(entry.why_not), entry.why_not == kPaused, {}};
  if (entry.number != 0) made.connections = counters_of(kernel_.ports()[entry.number]);
  return made;
}

SteeringSnapshot BpfSteering::snapshot() const {
  SteeringSnapshot made;
  const std::lock_guard lock(mutex_);
  made.pinned = pinned_;
  for (const auto& [name, entry] : entries_) made.service_ports.emplace(name, seen(entry));
  made.totals = sum_of_all();
  made.maps = map_use(made.totals);
  // Here rather than with each change, which it would cost a look at every service port.
  warn_of_full(made.maps);
  made.pauses = pauses_;
  return made;
}

SteeredCounters BpfSteering::totals() const {
  const std::lock_guard lock(mutex_);
  return sum_of_all();
}

SteeredCounters BpfSteering::sum_of_all() const {
  const auto ports = kernel_.ports();
  SteeredCounters sum = counters_of(ports[FERRY_SUMS]);
  for (std::size_t number = FERRY_FIRST_PORT; number < by_number_.size(); ++number) sum += counters_of(ports[number]);
  return sum;
}

std::vector<SteeringMap> BpfSteering::map_use(const SteeredCounters& totals) const {
  return {{"services", steered_addresses_, kernel_.services().most()},
          {"endpoints", endpoints_, kernel_.endpoints().most()},
          {"members", members_, kernel_.members().most()},
          {"sockets", totals.open(), kernel_.most_sockets()},
          {"ports", by_number_.size() - free_numbers_.size(), kernel_.ports().size()}};
}

void BpfSteering::warn_of_full(const std::vector<SteeringMap>& maps) const {
  for (const SteeringMap& map : maps) {
    if (100 * map.entries >= kNearlyFull * map.most && nearly_full_.insert(map.name).second) {
      logger_->warn(
          "the steering map of {} holds {} entries of {} that it may have: connections to what does not fit go through "
          "the relay; --steering-max-service-ports, --steering-max-endpoints and --steering-max-connections say how "
          "many fit",
          map.name, map.entries, map.most);
    } else if (100 * map.entries < kFullNoMore * map.most) {
      nearly_full_.erase(map.name);
    }
  }
}

}  // namespace

std::unique_ptr<Steering> Steering::attach(const asio::any_io_executor& executor, const SteeringOptions& options,
                                           const ServicePorts& service_ports, OnTrouble on_trouble,
                                           std::shared_ptr<spdlog::logger> logger) {
  return std::make_unique<BpfSteering>(executor, options, service_ports, std::move(on_trouble), std::move(logger));
}

bool steering_was_built() { return true; }

}  // namespace ferry::proxy
