#pragma once

#include <string>
#include <vector>

#include "config/ip_address.h"

namespace ferry::proxy {

/// One of the kernel's routes by which packets leave this host or are delivered to it.
struct Route {
  config::IpPrefix range;
  /// The device's name; empty where there is none, as with one of several next hops.
  std::string device;
  /// What it is for ends at this host.
  bool local = false;

  friend bool operator==(const Route&, const Route&) = default;
};

/// Those of the tables `main` and `local`, both families, but for default routes, multicast and broadcast. Throws
/// std::system_error when the kernel does not tell.
std::vector<Route> read_routes();

}  // namespace ferry::proxy
