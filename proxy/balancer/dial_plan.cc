#include "proxy/balancer/dial_plan.h"

#include <algorithm>
#include <numeric>

namespace ferry::proxy {

DialPlan::DialPlan(const Timeouts& timeouts, TimePoint now, std::optional<config::Backend> preferred)
    : timeouts_(&timeouts),
      deadline_(now + std::accumulate(timeouts.begin(), timeouts.end(), Duration{})),
      preferred_(preferred) {}

bool DialPlan::tried(const config::Backend& backend) const {
  return std::any_of(under_way_.begin(), under_way_.end(),
                     [&](const auto& other) { return other && same_endpoint(*other, backend); }) ||
         std::any_of(failed_.begin(), failed_.end(), [&](const auto& other) { return same_endpoint(other, backend); });
}

std::size_t DialPlan::untried(const config::BackendSet& set) const {
  const auto is_here = [&set](const config::Backend& backend) { return position_of(set, backend).has_value(); };
  const auto here = std::count_if(under_way_.begin(), under_way_.end(),
                                  [&](const auto& backend) { return backend && is_here(*backend); }) +
                    std::count_if(failed_.begin(), failed_.end(), is_here);
  return set.backends.size() - static_cast<std::size_t>(here);
}

void DialPlan::forget(const config::Backend& backend) {
  for (auto& dialled : under_way_) {
    if (dialled && same_endpoint(*dialled, backend)) dialled.reset();
  }
}

bool DialPlan::is_fit(const config::Backend& candidate, Ejections& ejections, const PickContext& by,
                      Obstacles& obstacles) const {
  if (tried(candidate)) return false;
  if (by.is_full(candidate)) {
    obstacles.full = true;
    return false;
  }
  // Asked last: who is told no when the time is over has to dial.
  if (ejections.leaves_out(candidate, by.now)) {
    if (obstacles.ejected == nullptr) obstacles.ejected = &candidate;
    return false;
  }
  return true;
}

const config::Backend* DialPlan::preferred_in(const config::BackendSet& set, Ejections& ejections,
                                              const PickContext& by, bool& full) const {
  const auto position = preferred_ ? position_of(set, *preferred_) : std::nullopt;
  if (!position) return nullptr;
  Obstacles obstacles;
  const bool fit = is_fit(set.backends[*position], ejections, by, obstacles);
  full = obstacles.full;
  return fit ? &set.backends[*position] : nullptr;
}

const config::Backend* DialPlan::choose(LoadBalancer& balancer, Ejections& ejections, const config::BackendSet& set,
                                        const PickContext& by, Obstacles& obstacles) {
  const std::size_t size = set.backends.size();
  std::size_t last = 0;
  for (unsigned draw = 0; draw < kMostDraws; ++draw) {
    last = balancer.pick(set, by, draws_++);
    if (is_fit(set.backends[last], ejections, by, obstacles)) return &set.backends[last];
  }
  for (std::size_t step = 1; step <= size; ++step) {
    const config::Backend& candidate = set.backends[(last + step) % size];
    if (is_fit(candidate, ejections, by, obstacles)) return &candidate;
  }
  return nullptr;
}

DialPlan::Step DialPlan::await_place(Duration most, Duration remaining) {
  if (waited_ >= most) return GiveUp{};
  const Duration length = std::min(kPlaceLook, remaining);
  waited_ += length;
  return AwaitPlace{length};
}

DialPlan::Dial DialPlan::dial(const config::Backend& endpoint, const config::BackendSet& set, Duration remaining) {
  const bool last = untried(set) == 1;
  (under_way_[0] ? under_way_[1] : under_way_[0]) = endpoint;
  return Dial{endpoint, last ? remaining : std::min((*timeouts_)[silences_], remaining)};
}

DialPlan::Step DialPlan::next(LoadBalancer& balancer, Ejections& ejections, const config::BackendSet& set,
                              const PickContext& by) {
  const auto remaining = std::chrono::duration_cast<Duration>(deadline_ - by.now);
  if (remaining <= Duration{} || silences_ == timeouts_->size()) {
    return GiveUp{};
  }
  if (pause_due_) {
    pause_due_ = false;
    return Pause{std::min(kShortagePause, remaining)};
  }
  if (untried(set) == 0) {
    return GiveUp{};
  }
  bool preferred_full = false;
  const config::Backend* choice = preferred_in(set, ejections, by, preferred_full);
  if (preferred_full && waited_ < kPreferredPlaceWait) {
    return await_place(kPreferredPlaceWait, remaining);
  }
  Obstacles obstacles;
  if (choice == nullptr) choice = choose(balancer, ejections, set, by, obstacles);
  if (choice == nullptr) choice = obstacles.ejected;
  if (choice == nullptr) {
    return obstacles.full ? await_place(kPlaceWait, remaining) : GiveUp{};
  }
  return dial(*choice, set, remaining);
}

std::optional<DialPlan::Dial> DialPlan::hedge(LoadBalancer& balancer, Ejections& ejections,
                                              const config::BackendSet& set, const PickContext& by) {
  const auto remaining = std::chrono::duration_cast<Duration>(deadline_ - by.now);
  if (remaining <= Duration{} || silences_ == timeouts_->size() || untried(set) == 0) return std::nullopt;
  Obstacles obstacles;
  const config::Backend* const choice = choose(balancer, ejections, set, by, obstacles);
  if (choice == nullptr) return std::nullopt;
  return dial(*choice, set, remaining);
}

void DialPlan::passed_over(const config::Backend& endpoint) { forget(endpoint); }

void DialPlan::failed(const config::Backend& endpoint, DialFailure failure) {
  forget(endpoint);
  if (failure == DialFailure::kLocalShortage) {
    pause_due_ = true;
    return;
  }
  failed_.push_back(endpoint);
  if (failure == DialFailure::kTimedOut) ++silences_;
}

}  // namespace ferry::proxy
