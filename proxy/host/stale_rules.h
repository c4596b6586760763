#pragma once

#include <string>
#include <vector>

namespace ferry::proxy {

/// What of a kube-proxy's is in force in this network: rules of the kernel that send connections to services elsewhere
/// before they come here.
struct StaleRules {
  /// Where they stand, for people: "chain KUBE-SERVICES of iptables (IPv4)". Each is where kube-proxy's rules begin;
  /// what else it made is reached from there alone.
  std::vector<std::string> places;
  /// An errno when it could not be looked everywhere; EPERM without CAP_NET_ADMIN.
  int error = 0;

  friend bool operator==(const StaleRules&, const StaleRules&) = default;
};

/// Looks for them, by a handful of questions to the kernel whose cost does not depend on how many rules there are, but
/// for iptables-legacy's: the table `kube-proxy` of nftables, the chain KUBE-SERVICES of iptables, be it nftables' or
/// its own, and the device that IPVS binds service addresses to. The kubelet's chains are none of them. Changes
/// nothing, and makes no table where there is none.
StaleRules find_stale_rules();

}  // namespace ferry::proxy
