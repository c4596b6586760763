#include "proxy/balancer/warm_ups.h"

#include <algorithm>
#include <iterator>

#include "proxy/balancer/endpoint_order.h"

namespace ferry::proxy {

namespace {

bool has(WarmUps::Sets sets, const config::Backend& endpoint) {
  return std::any_of(sets.begin(), sets.end(),
                     [&endpoint](const auto& set) { return position_of(*set, endpoint).has_value(); });
}

}  // namespace

std::shared_ptr<const WarmUps> WarmUps::next(const std::shared_ptr<const WarmUps>& former, Sets before, Sets after,
                                             std::chrono::milliseconds length, TimePoint now) {
  const bool first = std::all_of(before.begin(), before.end(), [](const auto& set) { return set->empty(); });
  if (length <= std::chrono::milliseconds{0} || first) return nullptr;
  auto made = std::make_shared<WarmUps>();
  made->length_ = length;
  const auto joined = [&made](const config::Backend& endpoint) {
    return std::any_of(made->joined_.begin(), made->joined_.end(),
                       [&](const Joined& one) { return same_endpoint(one.endpoint, endpoint); });
  };
  if (former) {
    std::copy_if(former->joined_.begin(), former->joined_.end(), std::back_inserter(made->joined_),
                 [&](const Joined& one) { return now - one.at < length && has(after, one.endpoint); });
  }
  for (const auto& set : after) {
    for (const config::Backend& endpoint : set->backends) {
      if (!has(before, endpoint) && !joined(endpoint)) made->joined_.push_back({endpoint, now});
    }
  }
  return made->joined_.empty() ? nullptr : made;
}

bool WarmUps::admits(const config::Backend& endpoint, TimePoint now, std::minstd_rand& random) const {
  const auto found = std::find_if(joined_.begin(), joined_.end(),
                                  [&](const Joined& one) { return same_endpoint(one.endpoint, endpoint); });
  if (found == joined_.end()) return true;
  const double age = std::chrono::duration<double>(now - found->at) / std::chrono::duration<double>(length_);
  return std::uniform_real_distribution<double>()(random) < std::max(age, kLeastChance);
}

}  // namespace ferry::proxy
