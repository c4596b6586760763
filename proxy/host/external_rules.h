#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "config/ip_address.h"
#include "proxy/capture/listen_address.h"

namespace ferry::proxy {

/// The routing rules by which the kernel delivers to this host what is sent to one port of an address that is not its
/// own: `ip rule add to ADDRESS ipproto tcp dport PORT lookup 7070`, where one route says that everything is local.
/// Other ports of the address, and who asks by ARP whose it is, are not concerned: such a question carries no port.
/// Marked with the routing protocol number of LocalRoutes. They outlive the process. Linux 4.17.
class ExternalRules {
 public:
  static constexpr std::uint32_t kTable = 7070;
  /// After the rule of the table `local` (0), before `main` (32766).
  static constexpr std::uint32_t kPriority = 70;

  /// Makes the table's route of each family. `sources`: what the host's own connections to such an address come from,
  /// the first of the family; without one there is no route for it, since answers to them would leave the host. 0, or
  /// an errno; EPERM without CAP_NET_ADMIN.
  static int set_table(const std::vector<config::IpAddress>& sources);

  /// 0, or an errno. A rule that is there already is no error.
  static int add(const ListenAddress& at);
  static int remove(const ListenAddress& at);

  /// The rules of ours. Throws std::system_error when the kernel does not tell.
  static std::vector<ListenAddress> list();

  /// Takes every rule of ours, the table's routes and ReplyDevice away and nothing else. The number of rules; throws
  /// std::system_error when the kernel refuses.
  static std::size_t remove_all();
};

}  // namespace ferry::proxy
