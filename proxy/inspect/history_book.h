#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "proxy/dataplane/dataplane.h"
#include "proxy/inspect/history.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// The histories of everything and of the service ports in use. Belongs to one thread.
class HistoryBook {
 public:
  static constexpr std::chrono::seconds kInterval{5};
  /// Service ports whose history is kept: those that have been silent for long give way to others.
  static constexpr std::size_t kMostPorts = 1000;

  /// An interval is over, and things stand like this: `all` is what was carried, and comes with what is steered.
  void add(const std::vector<Dataplane::Port>& ports, const ConnectionCounters& all, const SteeringSnapshot& steering,
           std::chrono::duration<double> interval);

  const History& all() const { return all_; }
  /// Null: nothing has happened there for as long as histories reach back.
  const History* of(const ServedPort& port) const;

 private:
  struct Entry {
    std::shared_ptr<const ServedPort> port;
    History history;
    ConnectTimes::Counts connect_times;
    std::size_t silent_intervals = 0;
    bool present = true;
  };

  /// `steered`: of the service port.
  Entry* entry_for(const Dataplane::Port& port, const SteeredCounters& steered, std::chrono::duration<double> interval);
  bool make_room();

  History all_;
  /// Of everything, as far as histories are kept.
  ConnectTimes::Counts connect_times_;
  /// Some service port had to do without: what is new here may have a past.
  bool overflowed_ = false;
  /// An interval was added.
  bool begun_ = false;
  std::unordered_map<const ServedPort*, std::unique_ptr<Entry>> entries_;
};

}  // namespace ferry::proxy
