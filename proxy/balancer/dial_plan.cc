#include "proxy/balancer/dial_plan.h"

#include <algorithm>
#include <cerrno>
#include <numeric>

namespace ferry::proxy {

DialFailure classify_dial_error(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
      return DialFailure::kRefused;
    case ETIMEDOUT:
      return DialFailure::kTimedOut;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EAGAIN:  // connect(2): no free local port
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:  // epoll_ctl(2): too many watches
      return DialFailure::kLocalShortage;
    default:
      return DialFailure::kUnreachable;
  }
}

DialPlan::DialPlan(const Timeouts& timeouts, TimePoint now, std::optional<config::Backend> preferred)
    : timeouts_(&timeouts),
      deadline_(now + std::accumulate(timeouts.begin(), timeouts.end(), Duration{})),
      preferred_(preferred) {}

std::size_t DialPlan::starting_position(LoadBalancer& balancer, const config::BackendSet& set) const {
  if (current_) {
    return position_after(set, *current_);
  }
  const std::optional<std::size_t> preferred = preferred_ ? position_of(set, *preferred_) : std::nullopt;
  return preferred ? *preferred : *balancer.pick(set);
}

bool DialPlan::tried(const config::Backend& backend) const {
  return std::any_of(tried_.begin(), tried_.end(), [&](const auto& other) { return same_endpoint(other, backend); });
}

DialPlan::Step DialPlan::next(LoadBalancer& balancer, Ejections& ejections, const config::BackendSet& set,
                              TimePoint now) {
  const auto remaining = std::chrono::duration_cast<Duration>(deadline_ - now);
  if (set.empty() || remaining <= Duration{} || silences_ == timeouts_->size()) {
    return GiveUp{};
  }
  if (pause_due_) {
    pause_due_ = false;
    return Pause{std::min(kShortagePause, remaining)};
  }
  const std::size_t size = set.backends.size();
  const std::size_t start = starting_position(balancer, set);
  const config::Backend* choice = nullptr;
  const config::Backend* ejected = nullptr;
  std::size_t untried = 0;
  for (std::size_t step = 0; step < size && (choice == nullptr || untried < 2); ++step) {
    const config::Backend& candidate = set.backends[(start + step) % size];
    if (tried(candidate)) {
      continue;
    }
    ++untried;
    if (choice != nullptr) {
      continue;
    }
    if (ejections.leaves_out(candidate, now)) {
      ejected = ejected == nullptr ? &candidate : ejected;
    } else {
      choice = &candidate;
    }
  }
  if (choice == nullptr) {
    choice = ejected;
  }
  if (choice == nullptr) {
    return GiveUp{};
  }
  current_ = *choice;
  return Dial{*choice, untried == 1 ? remaining : std::min((*timeouts_)[silences_], remaining)};
}

void DialPlan::failed(DialFailure failure) {
  if (failure == DialFailure::kLocalShortage) {
    pause_due_ = true;
    return;
  }
  if (failure == DialFailure::kTimedOut) {
    ++silences_;
  }
  tried_.push_back(*current_);
}

}  // namespace ferry::proxy
