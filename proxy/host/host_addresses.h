#pragma once

#include <functional>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "config/ip_address.h"

namespace ferry::proxy {

/// The addresses that this host's interfaces have now, in order and each once, loopback among them. Those that mean
/// something on one link only (fe80::/10) are left out, and those of IPv6 of which the kernel does not know yet that
/// nobody else has them. Throws std::system_error when the kernel does not tell.
std::vector<config::IpAddress> read_host_addresses();

/// Follows them: the kernel tells of changes (rtnetlink(7), RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR), and the whole
/// list is read anew. Belongs to the thread that runs the executor.
class HostAddresses {
 public:
  using Changed = std::function<void(const std::vector<config::IpAddress>&)>;

  /// `changed` is called from the executor with the new list, whenever it is another. Throws std::system_error when
  /// the kernel does not tell.
  HostAddresses(const boost::asio::any_io_executor& executor, Changed changed);

  const std::vector<config::IpAddress>& now() const { return addresses_; }

  void stop();

 private:
  void wait();
  void read();

  Changed changed_;
  boost::asio::posix::stream_descriptor news_;
  std::vector<config::IpAddress> addresses_;
};

}  // namespace ferry::proxy
