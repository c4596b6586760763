#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "config/backend_set.h"
#include "proxy/steering/kernel_side.h"

namespace ferry::proxy {

/// The endpoints of one service port in one family, as the kernel's maps have them. What a change does not touch keeps
/// its place, so that a change costs what it changes. Programs may look at any moment: first comes what is new
/// (bring()), then the caller says how many there are, and then goes what is old (settle()).
class EndpointList {
 public:
  /// The endpoints are there already, under `number`: an earlier process has put them there.
  void adopt(__u32 number, std::vector<ferry_steered_endpoint> there);

  /// Has the maps hold these under `number`, and in the map of members if `members` says so. False: there is no room,
  /// and some are missing.
  bool bring(KernelSide& kernel, __u32 number, const std::shared_ptr<const config::BackendSet>& wanted, bool members);
  /// Programs go by count() from now on.
  void settle(KernelSide& kernel);
  /// Programs go by none of it from now on.
  void clear(KernelSide& kernel);

  __u32 count() const { return static_cast<__u32>(endpoints_.size()); }
  const std::vector<ferry_steered_endpoint>& endpoints() const { return endpoints_; }
  bool contains(const ferry_steered_endpoint& endpoint) const;
  bool has_members() const { return members_; }

 private:
  /// What is to go from which place, and what is to come.
  struct Difference {
    std::vector<std::size_t> gone;
    std::vector<ferry_steered_endpoint> come;
  };
  Difference difference(const config::BackendSet& wanted) const;
  /// The same, where the former set is known and few endpoints differ; none otherwise.
  std::optional<Difference> small_difference(const config::BackendSet& wanted) const;
  bool put(KernelSide& kernel, std::size_t index, const ferry_steered_endpoint& endpoint, bool members);

  __u32 number_ = 0;
  /// What they were brought to last; null: not known.
  std::shared_ptr<const config::BackendSet> brought_;
  /// By place.
  std::vector<ferry_steered_endpoint> endpoints_;
  bool members_ = false;
  /// Still in the maps: the places from count() to here, and these as members.
  std::size_t places_ = 0;
  std::vector<ferry_steered_endpoint> former_members_;
};

}  // namespace ferry::proxy
