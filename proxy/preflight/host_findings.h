#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/ip_address.h"
#include "proxy/capture/capture.h"
#include "proxy/preflight/finding.h"

namespace ferry::proxy {

/// What the kernel has and lets this process do.
struct KernelFacts {
  /// As uname(2) tells it.
  std::string release;
  /// Capabilities in effect, a bit each (capabilities(7)).
  std::uint64_t capabilities = 0;
  /// Why sk_lookup cannot be had; empty: it can.
  std::string no_sk_lookup;
  bool splice = true;
  bool freebind = true;
  bool ipv6 = true;
  /// net.ipv4.ip_local_port_range; {0, 0}: not known.
  std::pair<unsigned, unsigned> local_ports;
  /// net.ipv4.tcp_tw_reuse; empty: not known.
  std::string port_reuse;
  bool port_reuse_writable = false;
  /// net.ipv4.ip_unprivileged_port_start
  unsigned first_free_port = 1024;

  bool may(unsigned capability) const { return (capabilities >> capability & 1U) != 0; }
};

/// Loads the program of sk_lookup for a moment, with nothing to capture. `proc`: where procfs is.
KernelFacts read_kernel_facts(const std::filesystem::path& proc = "/proc");

/// What is asked of the kernel.
struct KernelWants {
  CaptureMethod capture = CaptureMethod::kAuto;
  std::vector<config::IpPrefix> ranges;
};

Findings check_kernel(const KernelFacts& facts, const KernelWants& wants);

/// What this process may use up.
struct LimitFacts {
  /// RLIMIT_NOFILE's hard limit, up to which it is raised at the start.
  std::uint64_t descriptors = 0;
  /// Bytes that are free for it: what the machine has left, or its cgroup; none: not known.
  std::optional<std::uint64_t> memory;
};

/// `proc` and `cgroup`: where procfs and the cgroups (version 2) are.
LimitFacts read_limit_facts(const std::filesystem::path& proc = "/proc",
                            const std::filesystem::path& cgroup = "/sys/fs/cgroup");

Findings check_limits(const LimitFacts& facts);

}  // namespace ferry::proxy
