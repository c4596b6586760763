#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "config/backend_set.h"
#include "proxy/balancer/ejections.h"
#include "proxy/balancer/load_balancer.h"

namespace ferry::proxy {

/// What a dial that brought no connection met.
enum class DialFailure : std::uint8_t { kRefused, kTimedOut, kUnreachable, kLocalShortage };

/// Sorts an errno of socket(2) or connect(2).
DialFailure classify_dial_error(int error) noexcept;

/// Which endpoint one connection dials next, and for how long: decisions only, no sockets and no clock.
///
/// The first endpoint is the preferred one, where there is one and the set has it, or else the balancer's choice. One
/// that fails is never tried again for this connection; the next untried one in the set's order follows: at once after
/// a refusal, and with the next, longer timeout after a silence. Ejected endpoints come after all others. The last
/// untried endpoint gets the whole remaining budget in one dial, so that a slow single endpoint is not hammered. A
/// local shortage is not the endpoint's fault: after a pause the plan goes on.
class DialPlan {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::milliseconds;
  using Timeouts = std::array<Duration, 4>;

  /// Long enough for descriptors and ports to be given back, short beside the budget.
  static constexpr Duration kShortagePause{50};

  struct Dial {
    config::Backend backend;
    Duration timeout{};
    friend bool operator==(const Dial&, const Dial&) = default;
  };
  struct Pause {
    Duration length{};
    friend bool operator==(const Pause&, const Pause&) = default;
  };
  struct GiveUp {
    friend bool operator==(const GiveUp&, const GiveUp&) = default;
  };
  using Step = std::variant<Dial, Pause, GiveUp>;

  /// `timeouts` must outlive the plan. Their sum, counted from `now`, is the budget.
  DialPlan(const Timeouts& timeouts, TimePoint now, std::optional<config::Backend> preferred = std::nullopt);

  /// What to do now. `set` is the set in force now; it may differ from one call to the next.
  Step next(LoadBalancer& balancer, Ejections& ejections, const config::BackendSet& set, TimePoint now);

  /// The backend of the last Dial.
  const config::Backend& current() const { return *current_; }

  /// The last Dial brought no connection.
  void failed(DialFailure failure);

 private:
  bool tried(const config::Backend& backend) const;
  std::size_t starting_position(LoadBalancer& balancer, const config::BackendSet& set) const;

  const Timeouts* timeouts_;
  TimePoint deadline_;
  std::optional<config::Backend> preferred_;
  std::vector<config::Backend> tried_;
  std::optional<config::Backend> current_;
  std::uint8_t silences_ = 0;
  bool pause_due_ = false;
};

}  // namespace ferry::proxy
