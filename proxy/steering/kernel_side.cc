#include "proxy/steering/kernel_side.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <spdlog/fmt/fmt.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"
#include "proxy/steering/steering_programs.skel.h"

namespace ferry::proxy {

namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(error)));
}

bpf_map_info about_map(int fd) {
  bpf_map_info info{};
  __u32 size = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) info = {};
  return info;
}

/// One of so many sockets has a slot. More of them would be of no use to the caches of a processor.
constexpr std::size_t kSlotShare = 8;

/// One of so many endpoints may be held as a member, too.
constexpr std::size_t kAffinityShare = 4;

template <typename Key, typename Value>
void copy_entries(int from, int to) {
  Key key{};
  Value value{};
  for (const Key* last = nullptr; bpf_map_get_next_key(from, last, &key) == 0; last = &key) {
    if (bpf_map_lookup_elem(from, &key, &value) == 0) bpf_map_update_elem(to, &key, &value, BPF_ANY);
  }
}

}  // namespace

void KernelSide::DestroyPrograms::operator()(steering_programs* programs) const {
  steering_programs__destroy(programs);
}

KernelSide::KernelSide(const SteeringOptions& options) : pins_(options.pin_path) {
  load(options);
  share_ports();
  carry_over();
  const auto hear = [](void* self, void* data, std::size_t length) {
    if (length >= sizeof(ferry_trouble)) static_cast<KernelSide*>(self)->hear_(*static_cast<ferry_trouble*>(data));
    return 0;
  };
  ring_.reset(ring_buffer__new(bpf_map__fd(programs_->maps.troubles), hear, this, nullptr));
  if (!ring_) fail("the ring of troubles cannot be read", errno);
}

KernelSide::~KernelSide() {
  for (bpf_link* const link : links_) bpf_link__destroy(link);
}

void KernelSide::share_ports() {
  most_ports_ = bpf_map__max_entries(programs_->maps.ports);
  const std::size_t bytes = most_ports_ * sizeof(ferry_steered_port);
  void* const shared =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(programs_->maps.ports), 0);
  if (shared == MAP_FAILED) fail("the counters cannot be shared", errno);
  ports_ = {static_cast<ferry_steered_port*>(shared), Unmap{bytes}};
}

void KernelSide::Unmap::operator()(ferry_steered_port* ports) const { ::munmap(ports, bytes); }

void KernelSide::load(const SteeringOptions& options) {
  open(options);
  programs_->rodata->hearer = holder_;
  programs_->rodata->slot_mask = bpf_map__max_entries(programs_->maps.slots) - 1;
  for (Kept& kept : kept_) adopt(kept);
  const int error = -steering_programs__load(programs_.get());
  // What libbpf says where it does not find what the programs refer to.
  if (error == ESRCH)
    throw std::runtime_error(
        "the kernel's own types are not to be seen at /sys/kernel/btf/vmlinux, or it lacks a tracepoint (Linux 5.14)");
  if (error != 0) fail("the kernel refuses the programs", error);
}

void KernelSide::open(const SteeringOptions& options) {
  kept_.clear();
  libbpf_set_print(nullptr);
  programs_.reset(steering_programs__open());
  if (!programs_) fail("the programs cannot be opened", errno);
  const auto& maps = programs_->maps;
  const auto size = [](bpf_map* map, std::size_t most) {
    if (const int error = bpf_map__set_max_entries(map, static_cast<__u32>(most))) fail("a map's size", -error);
  };
  size(maps.services, 2 * options.most_service_ports);
  size(maps.endpoints, options.most_endpoints);
  size(maps.members, std::max<std::size_t>(1, options.most_endpoints / kAffinityShare));
  const std::size_t slots = std::bit_floor(std::max<std::size_t>(1, options.most_connections / kSlotShare));
  size(maps.slots, slots);
  size(maps.sockets, std::max<std::size_t>(1, options.most_connections - std::min(options.most_connections, slots)));
  size(maps.affinities, options.most_affinities);
  size(maps.ports, options.most_service_ports + FERRY_FIRST_PORT);
  for (bpf_map* const map :
       {maps.services, maps.endpoints, maps.members, maps.affinities, maps.ports, maps.slots, maps.sockets}) {
    kept_.push_back(
        {fmt::format("{}-{}", bpf_map__name(map), static_cast<int>(FERRY_STEERING_LAYOUT)), map, false, {}});
  }
}

void KernelSide::adopt(Kept& kept) {
  if (!pins_) return;
  UniqueFd found(bpf_obj_get(pins_.path(kept.name).c_str()));
  if (!found) return;
  const bpf_map_info info = about_map(found.get());
  const bool alike = info.type == bpf_map__type(kept.map) && info.key_size == bpf_map__key_size(kept.map) &&
                     info.value_size == bpf_map__value_size(kept.map);
  if (!alike) return;
  if (info.max_entries == bpf_map__max_entries(kept.map) && bpf_map__reuse_fd(kept.map, found.get()) == 0) {
    kept.adopted = true;
  } else {
    kept.former = std::move(found);
  }
}

const KernelSide::Kept& KernelSide::kept(const bpf_map* map) const {
  return *std::find_if(kept_.begin(), kept_.end(), [map](const Kept& one) { return one.map == map; });
}

void KernelSide::carry_over() {
  const Kept& ports = kept(programs_->maps.ports);
  if (ports.former) copy_entries<__u32, ferry_steered_port>(ports.former.get(), bpf_map__fd(ports.map));
  carry_sockets_over();
  const Kept& affinities = kept(programs_->maps.affinities);
  if (affinities.former) {
    copy_entries<ferry_steered_client, ferry_steered_affinity>(affinities.former.get(), bpf_map__fd(affinities.map));
  }
}

void KernelSide::carry_sockets_over() {
  const Kept& sockets = kept(programs_->maps.sockets);
  if (sockets.former) copy_entries<__u64, ferry_steered_socket>(sockets.former.get(), bpf_map__fd(sockets.map));
  const Kept& slots = kept(programs_->maps.slots);
  if (!slots.former) return;
  KernelMap<__u64, ferry_steered_socket> displaced(sockets.map);
  std::vector<ferry_steered_slot> all(bpf_map__max_entries(slots.map));
  const auto slot_of = [&all](__u64 cookie) -> ferry_steered_slot& { return all[cookie & (all.size() - 1)]; };
  for (const __u64 cookie : displaced.keys()) ++slot_of(cookie).displaced;
  const KernelMap<__u32, ferry_steered_slot> former(slots.former.get());
  for (const __u32 index : former.keys()) {
    ferry_steered_slot held{};
    if (!former.read(index, held) || held.cookie == 0) continue;
    ferry_steered_slot& slot = slot_of(held.cookie);
    if (slot.cookie == 0) {
      slot.cookie = held.cookie;
      slot.socket = held.socket;
    } else if (displaced.put(held.cookie, held.socket)) {
      ++slot.displaced;
    }
  }
  KernelMap<__u32, ferry_steered_slot> to(slots.map);
  for (__u32 index = 0; index < all.size(); ++index) to.put(index, all[index]);
}

std::size_t KernelSide::most_sockets() const {
  return bpf_map__max_entries(programs_->maps.slots) + bpf_map__max_entries(programs_->maps.sockets);
}

KernelSide::Services KernelSide::services() const { return Services(programs_->maps.services); }
KernelSide::Endpoints KernelSide::endpoints() const { return Endpoints(programs_->maps.endpoints); }
KernelSide::Members KernelSide::members() const { return Members(programs_->maps.members); }

KernelSide::Left KernelSide::take_up() {
  write_word(FERRY_HOLDER, holder_);
  Left left{left_services(), {}};
  if (kept(programs_->maps.endpoints).adopted) add_left_endpoints(left.services);
  if (kept(programs_->maps.members).adopted) left.members = members().keys();
  return left;
}

void KernelSide::write_word(__u32 place, std::uint64_t word) {
  __atomic_store_n(&ports()[place].cursor, word, __ATOMIC_SEQ_CST);
  // An earlier process's programs, and that process itself, may have another map of ports.
  const Kept& kept = this->kept(programs_->maps.ports);
  if (!kept.former) return;
  ferry_steered_port port{};
  port.cursor = word;
  bpf_map_update_elem(kept.former.get(), &place, &port, BPF_ANY);
}

std::vector<KernelSide::Left::Service> KernelSide::left_services() const {
  const Kept& kept = this->kept(programs_->maps.services);
  if (!kept.adopted && !kept.former) return {};
  const Services said = kept.adopted ? services() : Services(kept.former.get());
  std::vector<Left::Service> left;
  for (const ferry_steered_at& at : said.keys()) {
    Left::Service service{at, {}, kept.adopted, {}};
    if (said.read(at, service.steered)) left.push_back(std::move(service));
  }
  return left;
}

void KernelSide::add_left_endpoints(std::vector<Left::Service>& services) const {
  std::unordered_map<__u32, Left::Service*> by_list;
  for (Left::Service& service : services) by_list.emplace(service.steered.list, &service);
  Endpoints held = endpoints();
  std::vector<ferry_steered_endpoint_at> places = held.keys();
  std::sort(places.begin(), places.end(),
            [](const auto& a, const auto& b) { return a.list != b.list ? a.list < b.list : a.index < b.index; });
  for (const ferry_steered_endpoint_at& at : places) {
    const auto found = by_list.find(at.list);
    ferry_steered_endpoint endpoint{};
    // The rest is in no service's list any more, or beyond a gap in one.
    if (found != by_list.end() && found->second->endpoints.size() == at.index && held.read(at, endpoint)) {
      found->second->endpoints.push_back(endpoint);
    } else {
      held.drop(at);
    }
  }
}

bool KernelSide::holds() const { return __atomic_load_n(&ports()[FERRY_HOLDER].cursor, __ATOMIC_SEQ_CST) == holder_; }

UniqueFd KernelSide::open_group(const std::string& cgroup) {
  UniqueFd group(::open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group) fail("control group " + cgroup, errno);
  struct statfs where {};
  if (::fstatfs(group.get(), &where) != 0) fail("control group " + cgroup, errno);
  if (where.f_type != CGROUP2_SUPER_MAGIC) throw std::runtime_error(cgroup + " is no control group of version 2");
  return group;
}

void KernelSide::attach(const std::string& cgroup) {
  const UniqueFd group = open_group(cgroup);
  struct stat about {};
  if (::fstat(group.get(), &about) != 0) fail("control group " + cgroup, errno);
  const auto& programs = programs_->progs;
  // Who hears of connections is there before who steers them.
  trace({programs.hear_failure, programs.hear_silence, programs.hear_end});
  for (bpf_program* const program : {programs.tell_peer4, programs.tell_peer6, programs.steer4, programs.steer6}) {
    attach(program, group.get(), about.st_ino);
  }
  pin_maps();
}

void KernelSide::trace(std::initializer_list<bpf_program*> programs) {
  for (bpf_program* const program : programs) {
    bpf_link* const link = bpf_program__attach(program);
    if (link == nullptr) fail(fmt::format("the kernel does not attach {}", bpf_program__name(program)), errno);
    links_.push_back(link);
  }
  // From here on they hear, and an earlier process's do not.
  write_word(FERRY_HEARER, holder_);
  auto link = links_.begin();
  for (bpf_program* const program : programs) pin(*link++, bpf_program__name(program));
}

void KernelSide::attach(bpf_program* program, int group, std::uint64_t group_id) {
  const std::string name = bpf_program__name(program);
  if (pins_) {
    if (bpf_link* const link = bpf_link__open(pins_.path(name).c_str())) {
      bpf_link_info info{};
      __u32 size = sizeof(info);
      const bool here = bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &size) == 0 &&
                        info.type == BPF_LINK_TYPE_CGROUP && info.cgroup.cgroup_id == group_id;
      if (here && bpf_link__update_program(link, program) == 0) {
        links_.push_back(link);
        pinned_.insert(name);
        return;
      }
      // At once: the kernel takes its time with one that nobody refers to any more.
      bpf_link__detach(link);
      bpf_link__destroy(link);
    }
  }
  bpf_link* const link = bpf_program__attach_cgroup(program, group);
  if (link == nullptr) fail(fmt::format("the kernel does not attach {}", name), errno);
  links_.push_back(link);
  pin(link, name);
}

void KernelSide::pin(bpf_link* link, const std::string& name) {
  if (!pins_) return;
  pinned_.insert(name);
  pins_.remove(name);
  if (const int error = bpf_link__pin(link, pins_.path(name).c_str())) fail("pin of " + name, -error);
}

void KernelSide::pin_maps() {
  if (!pins_) return;
  for (const Kept& kept : kept_) {
    pinned_.insert(kept.name);
    if (kept.adopted) continue;
    pins_.remove(kept.name);
    if (bpf_obj_pin(bpf_map__fd(kept.map), pins_.path(kept.name).c_str()) != 0) fail("pin of " + kept.name, errno);
  }
  pins_.keep_only(pinned_);
}

int KernelSide::troubles_descriptor() const { return ring_buffer__epoll_fd(ring_.get()); }

void KernelSide::hear_troubles(const std::function<void(const ferry_trouble&)>& hear) {
  hear_ = hear;
  ring_buffer__consume(ring_.get());
}

}  // namespace ferry::proxy
