#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <vector>

#include "proxy/steering/steered_service.h"
#include "proxy/steering/steering_layout.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// The places of the map of ports, which are shared with the programs: who has which, and what was counted there. What
/// was counted for a service port that has gone goes into the sums as soon as another takes its place.
class PortPlaces {
 public:
  explicit PortPlaces(std::span<ferry_steered_port> ports);

  /// This service port has had that place already. False: there is none such, or another has it. To be called before
  /// settle().
  bool keep(SteeredService& service, __u32 number);
  /// Whom no service port has kept is free.
  void settle();

  /// Gives a place to one that has none. False: there is no more.
  bool take(SteeredService& service);
  void release(SteeredService& service);

  /// Null: nobody has that place.
  SteeredService* owner(__u32 number) const { return number < owners_.size() ? owners_[number] : nullptr; }
  SteeredCounters counters(__u32 number) const;
  /// Of all service ports that there are and were.
  SteeredCounters sums() const;

  std::size_t used() const { return owners_.size() - free_.size(); }
  std::size_t most() const { return ports_.size(); }

 private:
  bool reuse(__u32& number);

  std::span<ferry_steered_port> ports_;
  std::vector<SteeredService*> owners_;
  std::deque<__u32> free_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace ferry::proxy
