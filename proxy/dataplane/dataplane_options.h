#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>

#include "proxy/balancer/ejections.h"
#include "proxy/capture/capture.h"
#include "proxy/capture/socket_keeper.h"
#include "proxy/dataplane/connection_record.h"

namespace ferry::proxy {

/// What a Dataplane is built with. The defaults are those of the daemon.
struct DataplaneOptions {
  /// Threads that carry connections. At least 1.
  std::size_t workers = 1;
  /// How connections to service addresses come to us.
  CaptureMethod capture = CaptureMethod::kBind;
  /// It takes another process's place: nothing is opened before Dataplane::inherit(), and no connection taken before
  /// Dataplane::take_effect().
  bool heir = false;
  /// Told of each socket that is opened for a service address, and closed; outlives the dataplane. Null: nobody is.
  SocketKeeper* keeper = nullptr;
  /// Ranges whose every address is a service's, or nobody's.
  Prefixes service_ranges{};
  /// A connection of which one side has finished sending is closed when no byte has moved for this long.
  std::chrono::milliseconds half_close_timeout = std::chrono::minutes{15};
  /// A connection is reset when one side has owed an answer for this long; 0: when the kernel gives up, after a quarter
  /// of an hour.
  std::chrono::milliseconds dead_peer_timeout = std::chrono::seconds{30};
  /// Told of each TCP connection that has ended, by the worker that carried it, which must not be kept waiting. Empty:
  /// nobody asks.
  std::function<void(const ConnectionRecord&)> on_closed{};
  /// How long each dial of one connection may take, one endpoint after the other; their sum is the whole budget.
  std::array<std::chrono::milliseconds, 4> dial_timeouts{std::chrono::milliseconds{250}, std::chrono::milliseconds{500},
                                                         std::chrono::milliseconds{1000},
                                                         std::chrono::milliseconds{2000}};
  /// Endpoints that do not take connections are left out for a while.
  EjectionOptions ejection{};
  /// Told of each service port of which an endpoint is left out from now on, or anew, by whichever thread found out,
  /// and which must not be kept waiting. Empty: nobody asks.
  std::function<void(const config::ServicePortName&)> on_ejected{};
  /// Bytes of user memory each worker may hold for peers that do not take them; at the bound bytes stay in the
  /// kernel's buffers.
  std::size_t max_held_bytes_per_worker = std::size_t{64} << 20U;
  /// Pipes each worker may have open for splicing; without one a stream is copied.
  std::size_t max_pipes_per_worker = 256;
  /// A UDP flow ends when no datagram has passed for this long.
  std::chrono::milliseconds udp_idle_timeout = std::chrono::seconds{30};
  /// UDP flows that all workers may have open together; each has a descriptor.
  std::size_t max_udp_flows = 8192;
  /// A listener that could not be opened is tried again after this long, doubling up to the maximum.
  std::chrono::milliseconds bind_retry_min{250};
  std::chrono::milliseconds bind_retry_max = std::chrono::seconds{30};
  /// The queue of completed handshakes asked of the kernel for each listener (net.core.somaxconn caps it).
  int listen_backlog = 4096;
};

/// Those of the options that may change while connections are carried; what each means is said above.
struct RuntimeOptions {
  std::chrono::milliseconds half_close_timeout{};
  std::chrono::milliseconds dead_peer_timeout{};
  std::chrono::milliseconds udp_idle_timeout{};
  std::function<void(const ConnectionRecord&)> on_closed{};
  unsigned max_ejected_percent = 0;
};

}  // namespace ferry::proxy
