#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "watch/reflector/reflector_monitor.h"

namespace ferry::proxy {

/// How the daemon stands, as far as its service manager cares.
struct Standing {
  /// All sources were read whole, and every worker goes by what they said.
  bool in_force = false;
  /// A source that has not been read whole yet has failed, so there is no telling when it will be.
  bool held_up = false;
  /// The control thread and every worker have done what they had been given at the last look.
  bool moving = false;
  std::size_t services = 0;
  std::size_t service_ports = 0;
  std::uint64_t connections = 0;
  /// Addresses that should have a listener and have none.
  std::size_t unserved = 0;
  /// What is wrong with a source, in words that may come from a server; empty: nothing.
  std::string trouble{};
};

/// What there is to say of an API server, from ApiSource::status().
void add_trouble(Standing& standing, const std::vector<watch::ReflectorStatus>& resources, const std::string& server);

/// Decides what the service manager is told, and when. Telling is the caller's.
///
/// Ready is said once the first state is in force; where that cannot be because a source fails, once that is known. A
/// unit that waited for an API server which is away would time out and be started anew without end, and whatever is
/// ordered behind it would wait as long. The status tells one from the other.
///
/// The watchdog hears nothing while the daemon does not move, whatever else there is to tell.
class ManagerReport {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// How often the numbers of the status are told anew; its words are told as they change.
  static constexpr std::chrono::seconds kStatusPace{10};

  /// `watchdog`: how long the manager bears to hear nothing; none when it does not care.
  explicit ManagerReport(std::optional<std::chrono::microseconds> watchdog) : watchdog_(watchdog) {}

  /// How often to look, at least, for the watchdog's sake; none when it does not matter.
  std::optional<std::chrono::microseconds> pace() const;

  /// What there is to tell, in lines of NAME=VALUE; empty: nothing. The same again until heard() was called.
  std::string next(const Standing& standing, Time now);
  /// The manager knows that this process is ready.
  bool ready() const { return told_.ready; }
  /// The manager has got what next() gave last.
  void heard();

  /// That the end has begun: connections that are open may go on for `grace`. Only the watchdog is told of after that.
  std::string stopping(std::uint64_t connections, std::chrono::milliseconds grace);

 private:
  struct Told {
    bool ready = false;
    std::string status;
    /// The status without its numbers.
    std::string words;
    std::optional<Time> status_at;
    std::optional<Time> watchdog_at;
  };

  std::optional<std::chrono::microseconds> watchdog_;
  Told told_;
  Told pending_;
  bool stopping_ = false;
};

}  // namespace ferry::proxy
