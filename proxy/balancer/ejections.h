#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "config/backend_set.h"
#include "proxy/balancer/dial_failure.h"

namespace ferry::proxy {

/// A number that one thread may change while others read it.
class LiveNumber {
 public:
  LiveNumber(unsigned value) : value_(value) {}  // NOLINT(google-explicit-constructor): it stands for the number.
  LiveNumber(const LiveNumber& other) : value_(other.value()) {}
  LiveNumber& operator=(const LiveNumber& other) {
    set(other.value());
    return *this;
  }
  ~LiveNumber() = default;

  unsigned value() const noexcept { return value_.load(std::memory_order_relaxed); }
  void set(unsigned value) noexcept { value_.store(value, std::memory_order_relaxed); }

 private:
  std::atomic<unsigned> value_;
};

struct EjectionOptions {
  /// Of the endpoints of a set, at most this share is left out, rounded down; 0: none ever is.
  LiveNumber max_percent = 50;
  /// How long an endpoint is left out after its first failure; twice as long after each that follows, up to the
  /// longest; and up to a quarter more at random, so that not all nodes come back at once.
  std::chrono::milliseconds first = std::chrono::seconds{1};
  std::chrono::milliseconds longest = std::chrono::minutes{1};
  /// What random numbers begin with.
  std::uint64_t seed = 0;
};

/// What an endpoint was ejected for.
enum class EjectionCause : std::uint8_t {
  kRefused,
  kTimedOut,
  kUnreachable,
  /// It was silent on a connection that it had taken.
  kVanished,
};

/// Of a failure that is not ours.
EjectionCause cause_of(DialFailure failure) noexcept;

/// An endpoint that is left out.
struct Ejected {
  using TimePoint = std::chrono::steady_clock::time_point;

  config::Backend endpoint;
  EjectionCause cause = EjectionCause::kRefused;
  /// When it last failed.
  TimePoint failed_at;
  TimePoint until;
  /// How often in a row it failed when its time was over, the first time among them.
  unsigned times = 1;
};

/// The endpoints of one service port that did not take a connection lately: new connections go to the others.
///
/// When its time is over, an endpoint is tried by one connection of a client's, which goes on to another endpoint
/// should it fail, like any other. A connection made for the purpose would count against servers that speak first. Safe
/// from any thread; while none is ejected, a connection costs one load.
class Ejections {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The connection that tries an endpoint has this long to tell how it went.
  static constexpr std::chrono::seconds kTrial{5};

  /// `options` must outlive it. `id` tells it from others of the same seed.
  explicit Ejections(const EjectionOptions& options, std::uint64_t id = 0) : options_(&options), id_(id) {}
  ~Ejections();
  Ejections(const Ejections&) = delete;
  Ejections& operator=(const Ejections&) = delete;

  /// Times an endpoint was ejected, and ejected anew.
  std::uint64_t total() const noexcept;
  /// How many endpoints are ejected, those being tried among them.
  std::size_t size() const noexcept;

  /// Whether a new connection is to leave the endpoint out. The first that is told no when its time is over has to
  /// dial it.
  bool leaves_out(const config::Backend& endpoint, TimePoint now);

  /// A dial has failed, and not for want of anything here. True when the endpoint is left out from now on, or anew;
  /// false when it is already, or too many of the set are.
  bool failed(const config::Backend& endpoint, const config::BackendSet& set, TimePoint now,
              EjectionCause cause = EjectionCause::kRefused);
  void succeeded(const config::Backend& endpoint);

  /// Those that are ejected, those being tried among them.
  std::vector<Ejected> list() const;

  /// Forgets the endpoints for which `is_there` says no.
  void keep_only(const std::function<bool(const config::Backend&)>& is_there);

 private:
  struct State;
  State& state();

  const EjectionOptions* options_;
  std::uint64_t id_;
  /// Made when first an endpoint fails: most service ports never need it.
  std::atomic<State*> state_{nullptr};
};

}  // namespace ferry::proxy
