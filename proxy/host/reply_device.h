#pragma once

#include <cstddef>
#include <vector>

#include "config/ip_address.h"

namespace ferry::proxy {

/// The network device by which the kernel refuses connections to external addresses. A packet that a rule of
/// ExternalRules delivers to a port without a listener is answered by a reset, or by "port unreachable"; but from an
/// IPv4 address that no device has, the kernel sends neither. So this device has these addresses. It is down for ever,
/// and the routes that come with an address are taken away at once: nothing else is delivered to this host, who asks by
/// ARP for the address hears nothing, and nothing is sent from it. IPv6 needs none of this.
///
/// It outlives the process, like the rules. Errors are errnos.
class ReplyDevice {
 public:
  static constexpr const char* kName = "kube-ferry0";

  /// Makes the device, too, unless it is there. An address that it has already is no error.
  static int add(const config::IpAddress& address);
  static int remove(const config::IpAddress& address);

  /// The addresses it has. Throws std::system_error when the kernel does not tell.
  static std::vector<config::IpAddress> list();

  /// Takes the device away, and so its addresses. Without one nothing is done.
  static int remove_all();
};

}  // namespace ferry::proxy
