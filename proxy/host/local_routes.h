#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "config/ip_address.h"

namespace ferry::proxy {

/// The routes by which the kernel delivers what is sent to service addresses to this host:
/// `ip route add local RANGE dev lo src ADDRESS`, in the table `local`, marked with a routing protocol number of our
/// own (rtnetlink(7)), so that they are told from everybody else's. They outlive the process: a service address without
/// one would be looked for elsewhere, with one it is refused at worst.
class LocalRoutes {
 public:
  /// Of the numbers that /etc/iproute2/rt_protos leaves to programs.
  static constexpr unsigned char kProtocol = 70;

  struct Failure {
    config::IpPrefix range;
    /// An errno; EPERM without CAP_NET_ADMIN.
    int error = 0;

    friend bool operator==(const Failure&, const Failure&) = default;
  };

  /// Makes the ranges local. One that is already, by another's route, is left as it is; loopback needs none. `sources`:
  /// what the host's own connections to them come from, the first of the family; without one they come from the service
  /// address itself. Returns the ranges that could not be had. Throws std::system_error when the kernel does not tell
  /// of its routes.
  static std::vector<Failure> add(const std::vector<config::IpPrefix>& ranges,
                                  const std::vector<config::IpAddress>& sources);

  /// The ranges of our routes.
  static std::vector<config::IpPrefix> list();

  /// Takes these routes of ours away; one that is not there is no error. Throws std::system_error when the kernel
  /// refuses.
  static void remove(const std::vector<config::IpPrefix>& ranges);

  /// Takes every route of ours away and nothing else. The number of them; throws std::system_error when the kernel
  /// refuses.
  static std::size_t remove_all();
};

}  // namespace ferry::proxy
