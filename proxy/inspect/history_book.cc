#include "proxy/inspect/history_book.h"

#include <algorithm>

#include "proxy/inspect/steering_parts.h"

namespace ferry::proxy {

namespace {

SteeredCounters steered_of(const SteeringSnapshot& steering, const Dataplane::Port& port) {
  const auto found = port.info ? steering.service_ports.find(*port.served->name()) : steering.service_ports.end();
  return found == steering.service_ports.end() ? SteeredCounters{} : found->second.connections;
}

}  // namespace

void HistoryBook::add(const std::vector<Dataplane::Port>& ports, const ConnectionCounters& all,
                      const SteeringSnapshot& steering, std::chrono::duration<double> interval) {
  for (auto& [port, entry] : entries_) entry->present = false;
  for (const Dataplane::Port& port : ports) {
    const SteeredCounters steered = steered_of(steering, port);
    const ConnectionCounters counters = with_steered(port.served->connections(), steered);
    Entry* const entry = counters.accepted == 0 ? nullptr : entry_for(port, steered, interval);
    if (entry == nullptr) continue;
    const ConnectTimes::Counts connect_times = port.served->connect_times();
    entry->history.add(counters, connect_times, interval);
    connect_times_ += connect_times.since(entry->connect_times);
    entry->connect_times = connect_times;
    entry->present = true;
    const Sample& now = entry->history.last();
    const bool silent = now.open == 0 && now.connections == 0 && now.bytes_to_backend + now.bytes_to_client == 0;
    entry->silent_intervals = silent ? entry->silent_intervals + 1 : 0;
  }
  std::erase_if(entries_, [](const auto& entry) { return !entry.second->present; });
  all_.add(with_steered(all, steering.totals), connect_times_, interval);
  begun_ = true;
}

HistoryBook::Entry* HistoryBook::entry_for(const Dataplane::Port& port, const SteeredCounters& steered,
                                           std::chrono::duration<double> interval) {
  if (const auto found = entries_.find(port.served.get()); found != entries_.end()) return found->second.get();
  if (entries_.size() >= kMostPorts && !make_room()) return nullptr;
  auto entry = std::make_unique<Entry>();
  entry->port = port.served;
  if (overflowed_) {
    entry->connect_times = port.served->connect_times();
  } else {
    // Its first connection came in this interval; before, everything was at zero, but for what another process has
    // steered before this one.
    entry->history.add(begun_ ? ConnectionCounters{} : with_steered({}, steered), {}, interval);
  }
  return entries_.emplace(port.served.get(), std::move(entry)).first->second.get();
}

bool HistoryBook::make_room() {
  overflowed_ = true;
  const auto quietest = std::max_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return a.second->silent_intervals < b.second->silent_intervals;
  });
  if (quietest->second->silent_intervals < History::kSamples) return false;
  entries_.erase(quietest);
  return true;
}

const History* HistoryBook::of(const ServedPort& port) const {
  const auto found = entries_.find(&port);
  return found == entries_.end() ? nullptr : &found->second->history;
}

}  // namespace ferry::proxy
