#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/backend_set.h"
#include "config/service_port_name.h"
#include "proxy/capture/capture.h"
#include "proxy/capture/listen_address.h"
#include "proxy/dataplane/served_port.h"
#include "proxy/relay/direction.h"
#include "proxy/relay/socket_address.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// A TCP connection on its way from the process that carried it to the one that takes its place.
struct HandedConnection {
  config::ServicePortName port;
  config::Backend endpoint;
  SetChoice choice;
  Peer peer;
  /// Since it was accepted, since it was connected, and since a byte last moved.
  std::chrono::milliseconds age{};
  std::chrono::milliseconds connected{};
  std::chrono::milliseconds idle{};
  std::uint64_t bytes_to_backend = 0;
  std::uint64_t bytes_to_client = 0;
  std::uint16_t attempts = 0;
  bool half_closed = false;
  bool backend_told = false;
  bool client_told = false;
  bool unanswered = false;
  Direction::Pending to_backend;
  Direction::Pending to_client;
  UniqueFd client;
  UniqueFd backend;
};

/// The same of a UDP flow.
struct HandedFlow {
  /// The service address that its client sends to.
  ListenAddress at;
  Peer client;
  SetChoice choice;
  config::Backend endpoint;
  std::chrono::milliseconds idle{};
  std::uint64_t requests = 0;
  std::uint64_t answers = 0;
  std::uint64_t outstanding = 0;
  std::optional<std::string> unanswered;
  UniqueFd upstream;
};

/// Which endpoint a client of a service port with ClientIP affinity was carried to last, and how long ago.
struct HandedAffinity {
  config::ServicePortName port;
  config::IpAddress client;
  config::Backend endpoint;
  std::chrono::milliseconds idle{};
};

/// Everything by which connections come to a process.
struct Inheritance {
  /// Capture::name() of the process that had it.
  std::string capture;
  std::vector<HandedSocket> sockets;
};

/// What all workers add their part to. The last one to do so hands it over, on its thread.
template <typename T>
class Gathering {
 public:
  /// `left`: how many more there are that could not be had, or were not asked for.
  using Done = std::function<void(std::vector<T> gathered, std::size_t left)>;

  /// `of`: how many workers there are. `most`: how many each may add.
  Gathering(std::size_t of, std::size_t at_most, Done done) : most(at_most), awaited_(of), done_(std::move(done)) {}

  const std::size_t most;

  void add(std::vector<T> part, std::size_t left) {
    std::unique_lock lock(mutex_);
    gathered_.insert(gathered_.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
    left_ += left;
    if (--awaited_ > 0) return;
    lock.unlock();
    done_(std::move(gathered_), left_);
  }

 private:
  std::mutex mutex_;
  std::size_t awaited_;
  std::vector<T> gathered_;
  std::size_t left_ = 0;
  Done done_;
};

}  // namespace ferry::proxy
