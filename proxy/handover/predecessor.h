#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "proxy/capture/capture.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// A kube-ferry that runs on this host, and lets another take its place.
struct Predecessor {
  UniqueFd channel;
  int pid = 0;
  std::string version;
  /// By which connections come to it, and so will to its heir.
  CaptureMethod capture = CaptureMethod::kBind;
};

/// Asks who answers at the path. None: nobody does. Throws std::runtime_error with a sentence for the log when whoever
/// answers does not let this process take its place, or says nothing within `patience`.
std::optional<Predecessor> find_predecessor(const std::string& path, const std::string& version,
                                            std::chrono::milliseconds patience);

/// The number of the process at the other end of the socket (unix(7), SO_PEERCRED; 0: it has none in this container).
/// None where it runs neither as this user nor as root: nobody else has a say in whose sockets are whose.
std::optional<int> peer_of_same_user(int socket);

/// Tells network namespaces apart; only in the same one do sockets mean the same.
std::uint64_t network_namespace();

}  // namespace ferry::proxy
