#pragma once

#include <chrono>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "config/backend_set.h"

namespace ferry::proxy {

/// The endpoints that joined a service port lately, and are to get their share of connections little by little (slow
/// start). Immutable.
class WarmUps {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The least chance there is: an endpoint without any connection would never warm up.
  static constexpr double kLeastChance = 0.1;

  using Sets = std::span<const std::shared_ptr<const config::BackendSet>>;

  /// Those of `former` (which may be null) that are not warm yet and still there, and those that a set of `after` has
  /// and none of `before`. Null where there are none: also when `before` is empty, for then nobody else could take a
  /// share.
  static std::shared_ptr<const WarmUps> next(const std::shared_ptr<const WarmUps>& former, Sets before, Sets after,
                                             std::chrono::milliseconds length, TimePoint now);

  /// Whether the endpoint takes the connection it was chosen for: a chance that grows with its age.
  bool admits(const config::Backend& endpoint, TimePoint now, std::minstd_rand& random) const;

 private:
  struct Joined {
    config::Backend endpoint;
    TimePoint at;
  };

  std::chrono::milliseconds length_{0};
  std::vector<Joined> joined_;
};

}  // namespace ferry::proxy
