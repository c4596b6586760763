#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "proxy/relay/unique_fd.h"
#include "proxy/steering/pins.h"
#include "proxy/steering/steering.h"
#include "proxy/steering/steering_layout.h"

struct steering_programs;

namespace ferry::proxy {

/// A map of the kernel's, as this process reads and writes it.
template <typename Key, typename Value>
class KernelMap {
 public:
  /// Does not own the descriptor.
  explicit KernelMap(int fd, std::size_t most = 0) : fd_(fd), most_(most) {}
  explicit KernelMap(const bpf_map* map) : KernelMap(bpf_map__fd(map), bpf_map__max_entries(map)) {}

  /// False: there is no room for it.
  bool put(const Key& key, const Value& value) { return bpf_map_update_elem(fd_, &key, &value, BPF_ANY) == 0; }
  void drop(const Key& key) { bpf_map_delete_elem(fd_, &key); }
  bool read(const Key& key, Value& into) const { return bpf_map_lookup_elem(fd_, &key, &into) == 0; }
  std::vector<Key> keys() const {
    std::vector<Key> all;
    Key key{};
    for (const Key* last = nullptr; bpf_map_get_next_key(fd_, last, &key) == 0; last = &all.back()) all.push_back(key);
    return all;
  }
  std::size_t most() const { return most_; }

 private:
  int fd_;
  std::size_t most_;
};

/// The steering programs and their maps, in the kernel. With pins it takes up the maps that an earlier process left,
/// where they have this layout and these sizes, and fills new ones from them where they have other sizes.
class KernelSide {
 public:
  /// Loads them; nothing is steered by them yet. Throws std::runtime_error with the reason.
  explicit KernelSide(const SteeringOptions& options);
  /// Without pins steering ends.
  ~KernelSide();
  KernelSide(const KernelSide&) = delete;
  KernelSide& operator=(const KernelSide&) = delete;

  using Services = KernelMap<ferry_steered_at, ferry_steered>;
  using Endpoints = KernelMap<ferry_steered_endpoint_at, ferry_steered_endpoint>;
  using Members = KernelMap<ferry_steered_member, __u32>;
  Services services() const;
  Endpoints endpoints() const;
  Members members() const;
  std::size_t most_sockets() const;
  /// Shared with the programs.
  std::span<ferry_steered_port> ports() const { return {ports_.get(), most_ports_}; }

  /// What an earlier process steered and how, as far as these maps still say so.
  struct Left {
    struct Service {
      ferry_steered_at at{};
      ferry_steered steered{};
      /// It is in the map of services, which is not new.
      bool in_map = false;
      /// What the map of endpoints has of its list; none where that is new.
      std::vector<ferry_steered_endpoint> endpoints;
    };
    std::vector<Service> services;
    std::vector<ferry_steered_member> members;
  };
  /// Once, before anything is written.
  Left take_up();
  /// No other process has taken the maps up since.
  bool holds() const;

  /// Throws std::runtime_error unless it is a control group of version 2.
  static UniqueFd open_group(const std::string& cgroup);

  /// From now on they steer, in place of those of an earlier process if there are such: each connection meets those or
  /// these. Throws std::runtime_error with the reason.
  void attach(const std::string& cgroup);

  /// Readable when there are troubles.
  int troubles_descriptor() const;
  void hear_troubles(const std::function<void(const ferry_trouble&)>& hear);

 private:
  struct DestroyPrograms {
    void operator()(steering_programs* programs) const;
  };
  struct DestroyRing {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
  };
  /// A map that outlives processes.
  struct Kept {
    std::string name;
    bpf_map* map = nullptr;
    /// This one was pinned.
    bool adopted = false;
    /// One of this layout but of another size was.
    UniqueFd former;
  };
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(ferry_steered_port* ports) const;
  };

  void load(const SteeringOptions& options);
  void open(const SteeringOptions& options);
  void adopt(Kept& kept);
  void share_ports();
  void carry_over();
  void carry_sockets_over();
  /// Each at its tracepoint.
  void trace(std::initializer_list<bpf_program*> programs);
  void attach(bpf_program* program, int group, std::uint64_t group_id);
  /// In the place of an earlier process's.
  void pin(bpf_link* link, const std::string& name);
  /// At one of the places that are no service port's.
  void write_word(__u32 place, std::uint64_t word);
  void pin_maps();
  const Kept& kept(const bpf_map* map) const;
  std::vector<Left::Service> left_services() const;
  void add_left_endpoints(std::vector<Left::Service>& services) const;

  /// What this process is known by to others that take up the same maps: as the one that writes, and by the programs
  /// that hear of connections.
  const std::uint64_t holder_ = std::uint64_t{std::random_device{}()} << 32U | std::random_device{}();
  Pins pins_;
  std::unique_ptr<steering_programs, DestroyPrograms> programs_;
  std::vector<Kept> kept_;
  std::vector<bpf_link*> links_;
  std::set<std::string> pinned_;
  std::unique_ptr<ferry_steered_port, Unmap> ports_{nullptr, Unmap{}};
  std::size_t most_ports_ = 0;
  std::function<void(const ferry_trouble&)> hear_;
  std::unique_ptr<ring_buffer, DestroyRing> ring_;
};

}  // namespace ferry::proxy
