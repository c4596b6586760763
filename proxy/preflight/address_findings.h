#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "proxy/preflight/finding.h"
#include "proxy/preflight/processes.h"

namespace ferry::proxy {

/// What came of binding to an address that a flag asks for.
struct AddressAttempt {
  /// "--healthz-bind-address"
  std::string flag;
  boost::asio::ip::tcp::endpoint address;
  /// 0, or an errno.
  int error = 0;
  /// Who listens at its port, where that can be seen.
  std::optional<Process> holder;
};

/// Binds, listens not, and lets go.
AddressAttempt try_address(const std::string& flag, const boost::asio::ip::tcp::endpoint& address);

Finding check_address(const AddressAttempt& attempt);

/// What came of looking at the path of the administration socket.
struct SocketAttempt {
  std::string path;
  /// It was asked for, so a start ends without it.
  bool required = false;
  /// 0, or the errno that a socket there would end with.
  int error = 0;
  /// Somebody answers there.
  bool answered = false;
};

/// Makes nothing. A folder that is missing counts as made where `required` is false, as the daemon makes it.
SocketAttempt try_socket(const std::string& path, bool required);

Finding check_socket(const SocketAttempt& attempt);

/// Whether a file that a flag names can be read, or written (made, where it is not there). Nothing for `-`.
Findings check_readable(const std::string& flag, const std::string& path);
Findings check_writable(const std::string& flag, const std::string& path);

/// What of a kube-proxy's is on this node.
struct KubeProxyFacts {
  std::vector<Process> processes;
  /// Where its rules are in force (StaleRules::places).
  std::vector<std::string> rules;
  /// An errno when not everything could be looked at.
  int rules_error = 0;
};

Findings check_kube_proxy(const KubeProxyFacts& facts);

}  // namespace ferry::proxy
