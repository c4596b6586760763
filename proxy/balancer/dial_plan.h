#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "config/backend_set.h"
#include "proxy/balancer/dial_failure.h"
#include "proxy/balancer/ejections.h"
#include "proxy/balancer/load_balancer.h"

namespace ferry::proxy {

/// Choices asked of the balancer before a dial walks through the set, or a datagram takes an endpoint left out. With
/// half of the endpoints unfit, this comes to one connection in a hundred.
inline constexpr unsigned kMostDraws = 7;

/// Which endpoint one connection dials next, and for how long: decisions only, no sockets and no clock.
///
/// The first endpoint is the preferred one, where there is one and the set has it, or else the balancer's choice. One
/// that fails is never tried again for this connection; the balancer's next choice among the untried ones follows: at
/// once after a refusal, and with the next, longer timeout after a silence. Ejected endpoints come after all others.
/// The last untried endpoint gets the whole remaining budget in one dial, so that a slow single endpoint is not
/// hammered. A local shortage is not the endpoint's fault: after a pause the plan goes on.
///
/// An endpoint with all the connections it may have is passed over; the preferred one is waited for a little, and so is
/// a place when all have as many.
class DialPlan {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::milliseconds;
  using Timeouts = std::array<Duration, 4>;

  /// Long enough for descriptors and ports to be given back, short beside the budget.
  static constexpr Duration kShortagePause{50};
  /// How often it is looked whether an endpoint has a place again; how long for, at the preferred one and at any.
  static constexpr Duration kPlaceLook{10};
  static constexpr Duration kPreferredPlaceWait{100};
  static constexpr Duration kPlaceWait{250};

  struct Dial {
    config::Backend backend;
    Duration timeout{};
    friend bool operator==(const Dial&, const Dial&) = default;
  };
  /// For want of something here.
  struct Pause {
    Duration length{};
    friend bool operator==(const Pause&, const Pause&) = default;
  };
  /// Until an endpoint may have one more connection.
  struct AwaitPlace {
    Duration length{};
    friend bool operator==(const AwaitPlace&, const AwaitPlace&) = default;
  };
  struct GiveUp {
    friend bool operator==(const GiveUp&, const GiveUp&) = default;
  };
  using Step = std::variant<Dial, Pause, AwaitPlace, GiveUp>;

  /// `timeouts` must outlive the plan. Their sum, counted from `now`, is the budget.
  DialPlan(const Timeouts& timeouts, TimePoint now, std::optional<config::Backend> preferred = std::nullopt);

  /// What to do now that no dial is under way. `set` is the set in force now; it may differ from one call to the next.
  Step next(LoadBalancer& balancer, Ejections& ejections, const config::BackendSet& set, const PickContext& by);

  /// An endpoint to dial beside the one that is being dialled; none where there is no other that is fit.
  std::optional<Dial> hedge(LoadBalancer& balancer, Ejections& ejections, const config::BackendSet& set,
                            const PickContext& by);

  /// That endpoint was not dialled: meanwhile it has got all the connections it may have.
  void passed_over(const config::Backend& endpoint);
  /// The dial of that endpoint brought no connection.
  void failed(const config::Backend& endpoint, DialFailure failure);

 private:
  /// What stands against the endpoints met on the way to a choice.
  struct Obstacles {
    const config::Backend* ejected = nullptr;
    bool full = false;
  };

  bool tried(const config::Backend& backend) const;
  void forget(const config::Backend& backend);
  std::size_t untried(const config::BackendSet& set) const;
  bool is_fit(const config::Backend& candidate, Ejections& ejections, const PickContext& by,
              Obstacles& obstacles) const;
  const config::Backend* preferred_in(const config::BackendSet& set, Ejections& ejections, const PickContext& by,
                                      bool& full) const;
  const config::Backend* choose(LoadBalancer& balancer, Ejections& ejections, const config::BackendSet& set,
                                const PickContext& by, Obstacles& obstacles);
  Dial dial(const config::Backend& endpoint, const config::BackendSet& set, Duration remaining);
  Step await_place(Duration most, Duration remaining);

  const Timeouts* timeouts_;
  TimePoint deadline_;
  std::optional<config::Backend> preferred_;
  /// Being dialled: most connections need no more than the first, and so no memory of their own.
  std::array<std::optional<config::Backend>, 2> under_way_;
  std::vector<config::Backend> failed_;
  Duration waited_{0};
  /// Choices that the balancer made.
  unsigned draws_ = 0;
  std::uint8_t silences_ = 0;
  bool pause_due_ = false;
};

}  // namespace ferry::proxy
