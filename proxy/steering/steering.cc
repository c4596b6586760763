#include "proxy/steering/steering.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <spdlog/fmt/fmt.h>

#include "proxy/bpf/addresses.h"
#include "proxy/settings/service_settings.h"
#include "proxy/steering/address_claims.h"
#include "proxy/steering/full_maps.h"
#include "proxy/steering/kernel_side.h"
#include "proxy/steering/layout_bytes.h"
#include "proxy/steering/port_places.h"
#include "proxy/steering/steered_service.h"

namespace ferry::proxy {

namespace asio = boost::asio;
using config::AddressFamily;
using config::Backend;
using config::IpAddress;
using config::ServicePortInfo;
using config::ServicePortName;

namespace {

constexpr std::string_view kPaused = "an endpoint has not taken a connection lately";

constexpr std::string_view kNoRoom = "the steering maps have no room for it";

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
  /// False: what is left there is none of this service port's.
  bool keep(SteeredService& service, KernelSide::Left::Service& left);
  void drop_members_but_those_wanted(const std::vector<ferry_steered_member>& members);
  /// False: another process writes the maps now, and this one may not.
  bool holds();

  void put(const ServicePortName& name, std::shared_ptr<const ServicePortInfo> info);
  void remove(const ServicePortName& name);
  /// Brings the maps to what is to be.
  void write(SteeredService& service);
  std::string_view bring_endpoints(SteeredService& service);
  void clear_lists(SteeredService& service);
  /// False: there is no room.
  bool steer(SteeredService& service, bool on);

  SteeredPort seen(const SteeredService& service) const;
  std::vector<SteeringMap> map_use(const SteeredCounters& totals) const;

  OnTrouble on_trouble_;
  std::shared_ptr<spdlog::logger> logger_;
  const bool pinned_;
  /// Guards what follows against those who look.
  mutable std::mutex mutex_;
  KernelSide kernel_;
  PortPlaces places_;
  bool superseded_ = false;
  std::unordered_map<ServicePortName, SteeredService> services_;
  AddressClaims claims_;
  std::size_t endpoints_ = 0;
  std::size_t members_ = 0;
  std::size_t steered_addresses_ = 0;
  mutable FullMaps full_maps_;
  std::set<SteeredService*> without_room_;
  /// Since it was last looked whether they have room now.
  bool room_came_ = false;
  std::uint64_t pauses_ = 0;
  std::shared_ptr<asio::posix::stream_descriptor> troubles_;
};

BpfSteering::BpfSteering(const asio::any_io_executor& executor, const SteeringOptions& options,
                         const ServicePorts& service_ports, OnTrouble on_trouble,
                         std::shared_ptr<spdlog::logger> logger)
    : on_trouble_(std::move(on_trouble)),
      logger_(std::move(logger)),
      pinned_(!options.pin_path.empty()),
      kernel_(options),
      places_(kernel_.ports()) {
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
    const SteeredService* const service = places_.owner(trouble.number);
    if (service == nullptr) return;
    const auto& lists = service->lists;
    const bool is_there = std::any_of(lists.begin(), lists.end(),
                                      [&trouble](const EndpointList& list) { return list.contains(trouble.endpoint); });
    // A connection to one that has gone says nothing of those that there are.
    if (!is_there) return;
    told = {*service->name, Backend{.address = address_of(trouble.endpoint.address), .port = trouble.endpoint.port},
            static_cast<int>(trouble.error)};
  }
  on_trouble_(*told);
}

void BpfSteering::take_up(const ServicePorts& service_ports) {
  KernelSide::Left left = kernel_.take_up();
  std::unordered_map<ferry_steered_at, KernelSide::Left::Service*, HashBytes, SameBytes> by_address;
  for (KernelSide::Left::Service& service : left.services) by_address.emplace(service.at, &service);
  for (const auto& info : service_ports) {
    const auto found = services_.try_emplace(info->name).first;
    SteeredService& service = found->second;
    service.name = &found->first;
    service.info = info;
    claims_.claim(service);
    for (const ferry_steered_at& at : service.addresses()) {
      const auto known = by_address.find(at);
      if (known != by_address.end() && keep(service, *known->second)) by_address.erase(known);
    }
    steered_addresses_ += service.steered.size();
  }
  // Nobody knows these any more.
  auto services = kernel_.services();
  for (const auto& [at, gone] : by_address) {
    if (gone->in_map) services.drop(at);
    auto endpoints = kernel_.endpoints();
    for (__u32 index = 0; index < gone->endpoints.size(); ++index) endpoints.drop({gone->steered.list, index});
  }
  places_.settle();
  for (auto& [name, service] : services_) write(service);
  drop_members_but_those_wanted(left.members);
}

bool BpfSteering::keep(SteeredService& service, KernelSide::Left::Service& left) {
  const __u32 number = left.steered.number;
  if (service.number == 0) places_.keep(service, number);
  if (service.number == 0 || service.number != number) return false;
  if (left.in_map) service.steered.push_back({left.at, left.steered});
  if (!left.endpoints.empty()) {
    EndpointList& list = service.lists.at(left.steered.list % config::kAddressFamilies.size());
    list.adopt(left.steered.list, std::move(left.endpoints));
    left.endpoints.clear();
    endpoints_ += list.count();
  }
  return true;
}

void BpfSteering::drop_members_but_those_wanted(const std::vector<ferry_steered_member>& members) {
  if (members.empty()) return;
  std::set<ferry_steered_member, ByBytes> wanted;
  for (const auto& [name, service] : services_) {
    for (const AddressFamily family : config::kAddressFamilies) {
      const EndpointList& list = service.lists.at(index_of(family));
      if (!list.has_members()) continue;
      for (const ferry_steered_endpoint& endpoint : list.endpoints()) {
        wanted.insert({list_number(service.number, family), endpoint});
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
  if (kernel_.holds()) return true;
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
    for (SteeredService* const service : std::exchange(without_room_, {})) write(*service);
  }
}

void BpfSteering::put(const ServicePortName& name, std::shared_ptr<const ServicePortInfo> info) {
  const auto [found, is_new] = services_.try_emplace(name);
  SteeredService& service = found->second;
  service.name = &found->first;
  std::vector<ferry_steered_at> addresses;
  if (!is_new) {
    addresses = service.addresses();
    claims_.release(service);
  }
  service.info = std::move(info);
  claims_.claim(service);
  const std::vector<ferry_steered_at> now = service.addresses();
  addresses.insert(addresses.end(), now.begin(), now.end());
  // They may be steered now, or no more.
  for (SteeredService* const other : claims_.others(service, addresses)) write(*other);
  write(service);
}

void BpfSteering::remove(const ServicePortName& name) {
  const auto found = services_.find(name);
  if (found == services_.end()) return;
  SteeredService& service = found->second;
  const std::vector<ferry_steered_at> addresses = service.addresses();
  steer(service, false);
  clear_lists(service);
  places_.release(service);
  claims_.release(service);
  without_room_.erase(&service);
  room_came_ = true;
  for (SteeredService* const other : claims_.others(service, addresses)) write(*other);
  services_.erase(found);
}

void BpfSteering::write(SteeredService& service) {
  const std::size_t endpoints_before = endpoints_;
  const std::size_t addresses_before = steered_addresses_;
  without_room_.erase(&service);
  service.why_not = why_not_steered(*service.info);
  // The relay knows who of them came first.
  if (service.why_not.empty() && claims_.is_contested(service))
    service.why_not = "another service port has its address";
  if (service.why_not.empty()) service.why_not = bring_endpoints(service);
  if (service.why_not.empty() && service.paused) {
    service.why_not = kPaused;
    steer(service, false);
  } else if (service.why_not.empty()) {
    if (!steer(service, true)) {
      service.why_not = kNoRoom;
      steer(service, false);
    }
  } else {
    steer(service, false);
    clear_lists(service);
  }
  for (EndpointList& list : service.lists) list.settle(kernel_);
  if (service.why_not == kNoRoom) without_room_.insert(&service);
  if (endpoints_ < endpoints_before || steered_addresses_ < addresses_before) room_came_ = true;
}

void BpfSteering::clear_lists(SteeredService& service) {
  for (EndpointList& list : service.lists) {
    endpoints_ -= list.count();
    if (list.has_members()) members_ -= list.count();
    list.clear(kernel_);
  }
}

std::string_view BpfSteering::bring_endpoints(SteeredService& service) {
  if (service.number == 0 && !places_.take(service)) return kNoRoom;
  const bool members = affinity_seconds(*service.info) > 0;
  bool room = true;
  for (const AddressFamily family : config::kAddressFamilies) {
    EndpointList& list = service.lists.at(index_of(family));
    endpoints_ -= list.count();
    if (list.has_members()) members_ -= list.count();
    room =
        list.bring(kernel_, list_number(service.number, family), endpoints_of(*service.info, family), members) && room;
    endpoints_ += list.count();
    if (list.has_members()) members_ += list.count();
  }
  return room ? std::string_view() : kNoRoom;
}

bool BpfSteering::steer(SteeredService& service, bool on) {
  auto map = kernel_.services();
  std::vector<SteeredService::Steered> former = std::exchange(service.steered, {});
  bool room = true;
  if (on) {
    const __u32 flags = read_settings(service.info->annotations).settings->load_balancing == LoadBalancing::kRandom
                            ? static_cast<__u32>(FERRY_STEER_AT_RANDOM)
                            : 0;
    for (const IpAddress& address : service.info->cluster_ips) {
      const EndpointList& list = service.lists.at(index_of(address.family()));
      // The relay refuses where there is none.
      if (list.count() == 0) continue;
      const SteeredService::Steered next{{layout_of(address), service.info->port, 0},
                                         {service.number, list_number(service.number, address.family()), list.count(),
                                          affinity_seconds(*service.info), flags}};
      const auto before = std::find_if(former.begin(), former.end(), [&next](const SteeredService::Steered& one) {
        return same_bytes(one.at, next.at);
      });
      const bool as_it_is = before != former.end() && same_bytes(before->steered, next.steered);
      if (!as_it_is && !map.put(next.at, next.steered)) {
        room = false;
        continue;
      }
      service.steered.push_back(next);
      if (before != former.end()) {
        former.erase(before);
      } else {
        ++steered_addresses_;
      }
    }
  }
  for (const SteeredService::Steered& gone : former) {
    map.drop(gone.at);
    --steered_addresses_;
  }
  return room;
}

void BpfSteering::pause(const ServicePortName& name, bool paused) {
  const std::lock_guard lock(mutex_);
  const auto found = services_.find(name);
  if (found == services_.end() || !holds() || std::exchange(found->second.paused, paused) == paused) return;
  if (paused) ++pauses_;
  write(found->second);
}

std::string BpfSteering::why_not() const {
  const std::lock_guard lock(mutex_);
  return superseded_ ? "another kube-ferry has taken up the steering" : "";
}

std::optional<SteeredPort> BpfSteering::port(const ServicePortName& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = services_.find(name);
  if (found == services_.end()) return std::nullopt;
  return seen(found->second);
}

SteeredPort BpfSteering::seen(const SteeredService& service) const {
  SteeredPort made{std::string(service.why_not), service.why_not == kPaused, {}};
  if (service.number != 0) made.connections = places_.counters(service.number);
  return made;
}

SteeringSnapshot BpfSteering::snapshot() const {
  SteeringSnapshot made;
  const std::lock_guard lock(mutex_);
  made.pinned = pinned_;
  for (const auto& [name, service] : services_) made.service_ports.emplace(name, seen(service));
  made.totals = places_.sums();
  made.maps = map_use(made.totals);
  // Here rather than with each change, which it would cost a look at every service port.
  full_maps_.look(made.maps, *logger_);
  made.pauses = pauses_;
  return made;
}

SteeredCounters BpfSteering::totals() const {
  const std::lock_guard lock(mutex_);
  return places_.sums();
}

std::vector<SteeringMap> BpfSteering::map_use(const SteeredCounters& totals) const {
  return {{"services", steered_addresses_, kernel_.services().most()},
          {"endpoints", endpoints_, kernel_.endpoints().most()},
          {"members", members_, kernel_.members().most()},
          {"sockets", totals.open(), kernel_.most_sockets()},
          {"ports", places_.used(), places_.most()}};
}

}  // namespace

std::unique_ptr<Steering> Steering::attach(const asio::any_io_executor& executor, const SteeringOptions& options,
                                           const ServicePorts& service_ports, OnTrouble on_trouble,
                                           std::shared_ptr<spdlog::logger> logger) {
  return std::make_unique<BpfSteering>(executor, options, service_ports, std::move(on_trouble), std::move(logger));
}

void Steering::try_to_load(const std::string& cgroup) {
  SteeringOptions small;
  small.most_service_ports = small.most_endpoints = small.most_connections = small.most_affinities = 1;
  const KernelSide loaded(small);
  KernelSide::open_group(cgroup);
}

bool steering_was_built() { return true; }

}  // namespace ferry::proxy
