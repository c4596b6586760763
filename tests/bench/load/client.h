#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <netinet/in.h>
#include <nlohmann/json.hpp>

#include "tests/bench/load/wire.h"

namespace ferry::bench {

struct RequestLoad {
  std::size_t connections = 50;
  std::uint32_t request_bytes = 64;
  std::uint32_t response_bytes = 64;
  std::chrono::duration<double> length{3};
  /// Requests a second, all connections together; 0: each connection asks again once it is answered.
  double rate = 0;
  /// Requests on a connection, which the client then closes; 0: no end.
  std::size_t requests_each = 0;
  /// Addresses that the connections come from, in turn; 0: one, which the kernel chooses.
  std::uint32_t sources = 0;
  /// Datagrams, each connection being a client's socket.
  bool datagrams = false;
  /// Not counted at the beginning: connections are opened, programs warm up.
  std::chrono::duration<double> warm_up{0.5};
  /// An answer that takes longer has failed.
  std::chrono::duration<double> patience{1};
  /// What counts as slow.
  std::chrono::duration<double> slow{0.3};
};

/// Asks the server. {"requests": …, "seconds": …, "p50_us": …, "p99_us": …, "max_us": …, "slow": …, "failed": …}:
/// `failed` are those that ended otherwise than with a whole answer, or had none while patience lasted. With a rate, a
/// request counts by when it was due, and those under way at the end are waited for. Throws std::system_error.
nlohmann::json ask(const sockaddr_in& server, const RequestLoad& load);

/// Moves bytes as fast as they go on that many connections, at most `buffer` with one call.
/// {"bytes": …, "seconds": …}.
nlohmann::json stream(const sockaddr_in& server, Hello::Kind kind, std::size_t connections,
                      std::chrono::duration<double> length, std::size_t buffer);

/// Opens connections, has each answered once, prints {"open": …}, and holds them until standard input ends.
void hold(const sockaddr_in& server, std::size_t connections);

}  // namespace ferry::bench
