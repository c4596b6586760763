#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <vector>

#include "config/ip_address.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// What came of asking the kernel for a socket: a descriptor, or the errno that stood in its way.
struct SocketResult {
  UniqueFd fd;
  int error = 0;

  /// What errno says of the call that has just failed.
  static SocketResult failure() { return {UniqueFd(), errno}; }
};

/// A TCP connection under way to the address; non-blocking, so that it becomes writable or fails later. It has no
/// keep-alive yet.
SocketResult start_connect(const config::IpAddress& address, std::uint16_t port);

/// A listening TCP socket at an address that need not be configured on this host (IP_FREEBIND). What its connections
/// inherit is set on it, so that none of them needs a call of its own. `only_from`: whose connections it takes, from
/// the first on; null: everybody's.
SocketResult open_listener(const config::IpAddress& address, std::uint16_t port, int backlog,
                           const std::vector<config::IpPrefix>* only_from = nullptr);

/// Has the kernel notice when the peer of an idle connection vanished without a word: after `limit`, of which the first
/// half passes in silence (at least 6 s, for keep-alive counts in seconds). 0: after about four minutes. Best effort.
void keep_alive(int fd, std::chrono::milliseconds limit);

/// The pending error of a socket, or 0; reading it clears it.
int take_socket_error(int fd);

/// Closes the socket such that its peer sees a reset.
void close_with_reset(UniqueFd fd);

}  // namespace ferry::proxy
