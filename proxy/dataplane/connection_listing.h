#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "config/service_port_name.h"
#include "proxy/dataplane/connection_record.h"

namespace ferry::proxy {

/// The connections of all workers, each of which adds its own. The last one to do so hands them over, on its thread.
class ConnectionListing {
 public:
  struct Result {
    /// At most as many as were asked for, the longest open first within each worker.
    std::vector<ConnectionRecord> connections;
    /// Open now, wanted or not.
    std::size_t open = 0;
  };
  using Done = std::function<void(Result)>;
  using Wanted = std::function<bool(const config::ServicePortName&)>;

  /// `of`: how many workers there are. `only` is asked on their threads.
  ConnectionListing(Wanted only, std::size_t at_most, std::size_t of, Done done)
      : wanted(std::move(only)), most(at_most), awaited_(of), done_(std::move(done)) {}

  const Wanted wanted;
  const std::size_t most;

  void add(std::vector<ConnectionRecord> connections, std::size_t open) {
    std::unique_lock lock(mutex_);
    result_.connections.insert(result_.connections.end(), std::make_move_iterator(connections.begin()),
                               std::make_move_iterator(connections.end()));
    result_.open += open;
    if (--awaited_ > 0) return;
    lock.unlock();
    if (result_.connections.size() > most) result_.connections.resize(most);
    done_(std::move(result_));
  }

 private:
  std::mutex mutex_;
  std::size_t awaited_;
  Result result_;
  Done done_;
};

}  // namespace ferry::proxy
