#include "proxy/balancer/ejections.h"

#include <algorithm>
#include <mutex>
#include <random>
#include <vector>

#include "proxy/balancer/endpoint_order.h"

namespace ferry::proxy {

namespace {

struct Entry {
  Ejected told;
  std::chrono::milliseconds length;
  /// Somebody tries it.
  Ejections::TimePoint trial_until{};
};

}  // namespace

EjectionCause cause_of(DialFailure failure) noexcept {
  switch (failure) {
    case DialFailure::kRefused:
      return EjectionCause::kRefused;
    case DialFailure::kTimedOut:
      return EjectionCause::kTimedOut;
    case DialFailure::kUnreachable:
    case DialFailure::kLocalShortage:
      break;
  }
  return EjectionCause::kUnreachable;
}

struct Ejections::State {
  explicit State(std::uint64_t seed) : random(seed) {}

  Entry* find(const config::Backend& endpoint) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& entry) { return same_endpoint(entry.told.endpoint, endpoint); });
    return found == entries.end() ? nullptr : &*found;
  }
  std::chrono::milliseconds lengthened(std::chrono::milliseconds length) {
    return length +
           std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(0, length.count() / 4)(random));
  }
  void count() { size.store(entries.size(), std::memory_order_relaxed); }

  std::mutex mutex;
  std::minstd_rand random;
  std::vector<Entry> entries;
  std::atomic<std::size_t> size{0};
  std::atomic<std::uint64_t> total{0};
};

Ejections::~Ejections() { delete state_.load(); }

Ejections::State& Ejections::state() {
  State* existing = state_.load(std::memory_order_acquire);
  if (existing == nullptr) {
    auto made = std::make_unique<State>(options_->seed + id_);
    if (state_.compare_exchange_strong(existing, made.get(), std::memory_order_acq_rel)) {
      existing = made.release();
    }
  }
  return *existing;
}

std::size_t Ejections::size() const noexcept {
  const State* const state = state_.load(std::memory_order_acquire);
  return state == nullptr ? 0 : state->size.load(std::memory_order_relaxed);
}

std::uint64_t Ejections::total() const noexcept {
  const State* const state = state_.load(std::memory_order_acquire);
  return state == nullptr ? 0 : state->total.load(std::memory_order_relaxed);
}

bool Ejections::leaves_out(const config::Backend& endpoint, TimePoint now) {
  if (size() == 0) {
    return false;
  }
  State& state = this->state();
  const std::lock_guard lock(state.mutex);
  Entry* const entry = state.find(endpoint);
  if (entry == nullptr) {
    return false;
  }
  if (now < std::max(entry->told.until, entry->trial_until)) {
    return true;
  }
  entry->trial_until = now + kTrial;
  return false;
}

bool Ejections::failed(const config::Backend& endpoint, const config::BackendSet& set, TimePoint now,
                       EjectionCause cause) {
  if (options_->max_percent.value() == 0) {
    return false;
  }
  State& state = this->state();
  const std::lock_guard lock(state.mutex);
  if (Entry* const entry = state.find(endpoint); entry != nullptr) {
    // Connections that were under way when it was ejected fail, too, which says nothing new.
    if (now < entry->told.until) {
      return false;
    }
    entry->length = std::min(2 * entry->length, options_->longest);
    entry->told = {endpoint, cause, now, now + state.lengthened(entry->length), entry->told.times + 1};
    entry->trial_until = TimePoint();
    state.total.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  const auto out =
      static_cast<std::size_t>(std::count_if(state.entries.begin(), state.entries.end(), [&](const Entry& entry) {
        return position_of(set, entry.told.endpoint).has_value();
      }));
  if (100 * (out + 1) > options_->max_percent.value() * set.backends.size()) {
    return false;
  }
  state.entries.push_back({{endpoint, cause, now, now + state.lengthened(options_->first), 1}, options_->first});
  state.total.fetch_add(1, std::memory_order_relaxed);
  state.count();
  return true;
}

void Ejections::succeeded(const config::Backend& endpoint) {
  keep_only([&endpoint](const config::Backend& other) { return !same_endpoint(other, endpoint); });
}

std::vector<Ejected> Ejections::list() const {
  std::vector<Ejected> all;
  State* const state = state_.load(std::memory_order_acquire);
  if (state == nullptr) {
    return all;
  }
  const std::lock_guard lock(state->mutex);
  for (const Entry& entry : state->entries) {
    all.push_back(entry.told);
  }
  return all;
}

void Ejections::keep_only(const std::function<bool(const config::Backend&)>& is_there) {
  if (size() == 0) {
    return;
  }
  State& state = this->state();
  const std::lock_guard lock(state.mutex);
  std::erase_if(state.entries, [&is_there](const Entry& entry) { return !is_there(entry.told.endpoint); });
  state.count();
}

}  // namespace ferry::proxy
