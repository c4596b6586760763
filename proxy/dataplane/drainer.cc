#include "proxy/dataplane/drainer.h"

#include <algorithm>

namespace ferry::proxy {

namespace {

using std::chrono::milliseconds;

/// A share of what there was, by how much of a time has passed.
std::size_t share(std::size_t of, milliseconds passed, milliseconds whole) {
  if (whole <= milliseconds{0} || passed >= whole) return of;
  return of * static_cast<std::size_t>(passed.count()) / static_cast<std::size_t>(whole.count());
}

bool stays(const PortState& state, const config::Backend& endpoint) {
  const auto& staying = state.extras->staying[static_cast<std::size_t>(endpoint.address.family())];
  return !staying || position_of(*staying, endpoint).has_value();
}

}  // namespace

DrainPlan::Due DrainPlan::due(TimePoint now, std::size_t open) {
  const auto passed = std::chrono::duration_cast<milliseconds>(now - start_);
  const milliseconds half = timeout_ / 2;
  if (passed < half) return {};
  if (passed < timeout_) {
    const std::size_t gone_by_now = share(open_at_start_, passed - half, timeout_ - half);
    const std::size_t gone = open_at_start_ - std::min(open, open_at_start_);
    open_at_timeout_ = open;
    return {gone_by_now > gone ? gone_by_now - gone : 0, true};
  }
  const std::size_t gone_by_now = share(open_at_timeout_, passed - timeout_, timeout_ / 4);
  const std::size_t gone = open_at_timeout_ - std::min(open, open_at_timeout_);
  return {gone_by_now > gone ? gone_by_now - gone : 0, false};
}

DrainPlan::TimePoint DrainPlan::next(TimePoint now) const {
  const TimePoint begin = start_ + timeout_ / 2;
  if (now < begin) return begin;
  return now + std::clamp<milliseconds>(timeout_ / 100, milliseconds{10}, milliseconds{1000});
}

milliseconds DrainPlan::rest() const {
  return std::clamp<milliseconds>(timeout_ / 10, milliseconds{50}, milliseconds{1000});
}

void Drainer::state_changed(const std::shared_ptr<WorkerPort>& port, TimePoint now) {
  const PortState& state = port->state;
  std::erase_if(draining_, [&](const Draining& draining) {
    if (draining.port != port) return false;
    WorkerEndpoint& endpoint = *draining.endpoint;
    endpoint.draining = endpoint.open > 0 && state.extras && !stays(state, endpoint.record->endpoint);
    return !endpoint.draining;
  });
  port->endpoints.for_each([&](WorkerEndpoint& endpoint) {
    if (endpoint.draining || endpoint.open == 0 || !state.extras || stays(state, endpoint.record->endpoint)) return;
    endpoint.draining = true;
    draining_.push_back({port, &endpoint, DrainPlan(now, state.settings().drain_timeout, endpoint.open)});
  });
  port->endpoints.keep_only([&state](const config::Backend& endpoint) { return is_in_use(state, endpoint); });
  schedule(now);
}

void Drainer::forget_done() {
  std::erase_if(draining_, [](const Draining& draining) {
    draining.endpoint->draining = draining.endpoint->open > 0;
    return !draining.endpoint->draining;
  });
}

void Drainer::schedule(TimePoint now) {
  next_.reset();
  for (const Draining& draining : draining_) {
    const TimePoint next = draining.plan.next(now);
    next_ = next_ ? std::min(*next_, next) : next;
  }
}

}  // namespace ferry::proxy
