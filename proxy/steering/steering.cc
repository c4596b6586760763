#include "proxy/steering/steering.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <spdlog/fmt/fmt.h>
#include <sys/vfs.h>

#include "proxy/bpf/addresses.h"
#include "proxy/relay/unique_fd.h"
#include "proxy/steering/steering_layout.h"
#include "proxy/steering/steering_programs.skel.h"

namespace ferry::proxy {

namespace asio = boost::asio;
using config::AddressFamily;
using config::Backend;
using config::IpAddress;
using config::ServicePortInfo;
using config::ServicePortName;

namespace {

struct DestroyPrograms {
  void operator()(steering_programs* programs) const { steering_programs__destroy(programs); }
};
struct DestroyRing {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

ferry_steered_at key_of(const IpAddress& address, std::uint16_t port) { return {layout_of(address), port, 0}; }

ferry_steered_endpoint endpoint_layout(const Backend& backend) { return {layout_of(backend.address), backend.port, 0}; }

/// Where connections to a cluster address go.
const config::BackendSet& endpoints_of(const ServicePortInfo& info, AddressFamily family) {
  const config::FamilyBackends& backends = info.backends_of(family);
  return info.internal_traffic_policy == config::TrafficPolicy::kLocal ? *backends.local : *backends.cluster;
}

class BpfSteering final : public Steering {
 public:
  BpfSteering(const asio::any_io_executor& executor, const SteeringOptions& options, OnTrouble on_trouble,
              std::shared_ptr<spdlog::logger> logger);
  ~BpfSteering() override;
  BpfSteering(const BpfSteering&) = delete;
  BpfSteering& operator=(const BpfSteering&) = delete;

  void apply(const std::vector<config::ServicePortChange>& changes) override;
  void pause(const ServicePortName& name, bool paused) override;
  std::string why_not(const ServicePortName& name) const override;
  SteeredCounters counters(const ServicePortName& name) const override;

 private:
  /// The endpoints of one family as the maps have them.
  struct Set {
    __u32 number = 0;
    __u32 count = 0;
  };
  struct Entry {
    const ServicePortName* name = nullptr;
    std::shared_ptr<const ServicePortInfo> info;
    /// The place in the maps of cursors and counters; none before it was steered.
    std::optional<__u32> number;
    std::array<Set, config::kAddressFamilies.size()> sets;
    std::vector<ferry_steered_at> addresses;
    bool paused = false;
    /// Empty: it is steered.
    std::string why_not;
  };

  void load(const SteeringOptions& options);
  void attach(const SteeringOptions& options);
  void hear_troubles();
  void take(const ferry_trouble& trouble);

  void remove(const ServicePortName& name);
  void put(const ServicePortName& name, std::shared_ptr<const ServicePortInfo> info);
  /// Writes the maps anew for the entry; what it had there goes afterwards.
  void write(Entry& entry);
  bool put_set(Set& set, const config::BackendSet& endpoints);
  void drop_set(const Set& set);
  void drop_addresses(const std::vector<ferry_steered_at>& addresses);
  std::optional<__u32> free_number();

  static int map(const bpf_map* which) { return bpf_map__fd(which); }

  OnTrouble on_trouble_;
  std::shared_ptr<spdlog::logger> logger_;
  std::unique_ptr<steering_programs, DestroyPrograms> programs_;
  std::vector<bpf_link*> links_;
  std::unique_ptr<ring_buffer, DestroyRing> ring_;
  std::shared_ptr<asio::posix::stream_descriptor> troubles_;
  std::unordered_map<ServicePortName, Entry> entries_;
  std::vector<const ServicePortName*> by_number_;
  std::vector<__u32> free_numbers_;
  __u32 most_service_ports_ = 0;
  __u32 last_set_ = 0;
};

BpfSteering::BpfSteering(const asio::any_io_executor& executor, const SteeringOptions& options, OnTrouble on_trouble,
                         std::shared_ptr<spdlog::logger> logger)
    : on_trouble_(std::move(on_trouble)),
      logger_(std::move(logger)),
      most_service_ports_(static_cast<__u32>(options.most_service_ports)) {
  load(options);
  attach(options);
  const int copy = ::fcntl(ring_buffer__epoll_fd(ring_.get()), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) fail("no descriptor to hear of troubles by", errno);
  troubles_ = std::make_shared<asio::posix::stream_descriptor>(executor, copy);
  hear_troubles();
}

BpfSteering::~BpfSteering() {
  boost::system::error_code ignored;
  if (troubles_) troubles_->close(ignored);
  for (bpf_link* const link : links_) bpf_link__destroy(link);
}

void BpfSteering::load(const SteeringOptions& options) {
  libbpf_set_print(nullptr);
  programs_.reset(steering_programs__open());
  if (!programs_) fail("the programs cannot be opened", errno);
  const auto size = [](bpf_map* which, std::size_t most) {
    if (const int error = bpf_map__set_max_entries(which, static_cast<__u32>(most))) fail("a map's size", -error);
  };
  size(programs_->maps.services, options.most_addresses);
  size(programs_->maps.endpoints, options.most_endpoints);
  size(programs_->maps.cursors, options.most_service_ports);
  size(programs_->maps.counters, options.most_service_ports);
  if (const int error = steering_programs__load(programs_.get())) fail("the kernel refuses the programs", -error);
  const auto hear = [](void* self, void* data, std::size_t length) {
    if (length >= sizeof(ferry_trouble)) static_cast<BpfSteering*>(self)->take(*static_cast<ferry_trouble*>(data));
    return 0;
  };
  ring_.reset(ring_buffer__new(map(programs_->maps.troubles), hear, this, nullptr));
  if (!ring_) fail("the ring of troubles cannot be read", errno);
}

void BpfSteering::attach(const SteeringOptions& options) {
  const UniqueFd group(::open(options.cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group) fail("control group " + options.cgroup, errno);
  struct statfs where {};
  if (::fstatfs(group.get(), &where) != 0) fail("control group " + options.cgroup, errno);
  if (where.f_type != CGROUP2_SUPER_MAGIC)
    throw std::runtime_error(options.cgroup + " is no control group of version 2");
  // Who watches is there before who steers.
  for (bpf_program* const program : {programs_->progs.watch, programs_->progs.tell_peer4, programs_->progs.tell_peer6,
                                     programs_->progs.steer4, programs_->progs.steer6}) {
    bpf_link* const link = bpf_program__attach_cgroup(program, group.get());
    if (link == nullptr) {
      const int error = errno;
      for (bpf_link* const attached : std::exchange(links_, {})) bpf_link__destroy(attached);
      fail(fmt::format("the kernel does not attach {} to {}", bpf_program__name(program), options.cgroup), error);
    }
    links_.push_back(link);
  }
}

void BpfSteering::hear_troubles() {
  troubles_->async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, keep = troubles_](const boost::system::error_code& code) {
                          if (code.failed()) return;
                          ring_buffer__consume(ring_.get());
                          hear_troubles();
                        });
}

void BpfSteering::take(const ferry_trouble& trouble) {
  if (trouble.number >= by_number_.size() || by_number_[trouble.number] == nullptr) return;
  on_trouble_({*by_number_[trouble.number],
               Backend{.address = address_of(trouble.endpoint.address), .port = trouble.endpoint.port},
               trouble.kind == FERRY_TROUBLE_FAILED});
}

void BpfSteering::apply(const std::vector<config::ServicePortChange>& changes) {
  for (const config::ServicePortChange& change : changes) {
    if (change.after) {
      put(change.name, change.after);
    } else {
      remove(change.name);
    }
  }
}

void BpfSteering::put(const ServicePortName& name, std::shared_ptr<const ServicePortInfo> info) {
  const auto found = entries_.try_emplace(name).first;
  found->second.name = &found->first;
  found->second.info = std::move(info);
  write(found->second);
}

void BpfSteering::write(Entry& entry) {
  const std::vector<ferry_steered_at> former_addresses = std::exchange(entry.addresses, {});
  const auto former_sets = std::exchange(entry.sets, {});
  entry.why_not = why_not_steered(*entry.info);
  if (entry.why_not.empty() && entry.paused) entry.why_not = "an endpoint has not taken a connection lately";
  if (entry.why_not.empty() && !entry.number) {
    entry.number = free_number();
    if (!entry.number) {
      entry.why_not = "there is no room for it";
    } else {
      by_number_[*entry.number] = entry.name;
    }
  }
  if (entry.why_not.empty()) {
    for (const AddressFamily family : config::kAddressFamilies) {
      Set& set = entry.sets.at(static_cast<std::size_t>(family));
      if (!put_set(set, endpoints_of(*entry.info, family))) entry.why_not = "there is no room for its endpoints";
    }
  }
  if (entry.why_not.empty()) {
    for (const IpAddress& address : entry.info->cluster_ips) {
      const Set& set = entry.sets.at(static_cast<std::size_t>(address.family()));
      // The relay refuses where there is none.
      if (set.count == 0) continue;
      const ferry_steered_at key = key_of(address, entry.info->port);
      const ferry_steered value{set.number, set.count, *entry.number};
      if (bpf_map_update_elem(map(programs_->maps.services), &key, &value, BPF_ANY) != 0) {
        entry.why_not = "there is no room for its addresses";
        continue;
      }
      entry.addresses.push_back(key);
    }
  }
  std::vector<ferry_steered_at> gone;
  for (const ferry_steered_at& former : former_addresses) {
    const bool kept =
        std::any_of(entry.addresses.begin(), entry.addresses.end(),
                    [&former](const ferry_steered_at& now) { return std::memcmp(&now, &former, sizeof(now)) == 0; });
    if (!kept) gone.push_back(former);
  }
  drop_addresses(gone);
  for (const Set& set : former_sets) drop_set(set);
}

bool BpfSteering::put_set(Set& set, const config::BackendSet& endpoints) {
  set = {++last_set_, 0};
  for (const Backend& backend : endpoints.backends) {
    const ferry_steered_endpoint_at key{set.number, set.count};
    const ferry_steered_endpoint value = endpoint_layout(backend);
    if (bpf_map_update_elem(map(programs_->maps.endpoints), &key, &value, BPF_ANY) != 0) return false;
    ++set.count;
  }
  return true;
}

void BpfSteering::drop_set(const Set& set) {
  for (__u32 index = 0; index < set.count; ++index) {
    const ferry_steered_endpoint_at key{set.number, index};
    bpf_map_delete_elem(map(programs_->maps.endpoints), &key);
  }
}

void BpfSteering::drop_addresses(const std::vector<ferry_steered_at>& addresses) {
  for (const ferry_steered_at& key : addresses) bpf_map_delete_elem(map(programs_->maps.services), &key);
}

void BpfSteering::remove(const ServicePortName& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  drop_addresses(entry.addresses);
  for (const Set& set : entry.sets) drop_set(set);
  if (entry.number) {
    by_number_[*entry.number] = nullptr;
    free_numbers_.push_back(*entry.number);
  }
  entries_.erase(found);
}

std::optional<__u32> BpfSteering::free_number() {
  if (!free_numbers_.empty()) {
    const __u32 number = free_numbers_.back();
    free_numbers_.pop_back();
    return number;
  }
  if (by_number_.size() >= most_service_ports_) return std::nullopt;
  by_number_.push_back(nullptr);
  return static_cast<__u32>(by_number_.size() - 1);
}

void BpfSteering::pause(const ServicePortName& name, bool paused) {
  const auto found = entries_.find(name);
  if (found == entries_.end() || std::exchange(found->second.paused, paused) == paused) return;
  write(found->second);
}

std::string BpfSteering::why_not(const ServicePortName& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? "there is no such service port" : found->second.why_not;
}

SteeredCounters BpfSteering::counters(const ServicePortName& name) const {
  SteeredCounters sum;
  const auto found = entries_.find(name);
  if (found == entries_.end() || !found->second.number) return sum;
  std::vector<ferry_steered_counters> by_cpu(static_cast<std::size_t>(std::max(1, libbpf_num_possible_cpus())));
  const __u32 number = *found->second.number;
  if (bpf_map_lookup_elem(map(programs_->maps.counters), &number, by_cpu.data()) != 0) return sum;
  for (const ferry_steered_counters& one : by_cpu) {
    sum.dialled += one.dialled;
    sum.established += one.established;
    sum.failed += one.failed;
    sum.closed += one.closed;
    sum.bytes_to_endpoint += one.bytes_to_endpoint;
    sum.bytes_to_client += one.bytes_to_client;
  }
  return sum;
}

}  // namespace

std::unique_ptr<Steering> Steering::attach(const asio::any_io_executor& executor, SteeringOptions options,
                                           OnTrouble on_trouble, std::shared_ptr<spdlog::logger> logger) {
  return std::make_unique<BpfSteering>(executor, options, std::move(on_trouble), std::move(logger));
}

bool steering_was_built() { return true; }

}  // namespace ferry::proxy
