#include "proxy/preflight/host_findings.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <spdlog/fmt/fmt.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "proxy/capture/sk_lookup_capture.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

namespace {

namespace fs = std::filesystem;

constexpr const char* kKernel = "kernel";
constexpr const char* kCapture = "capture";
constexpr const char* kPorts = "local ports";
constexpr const char* kDescriptors = "descriptors";
constexpr const char* kMemory = "memory";

constexpr std::uint64_t kMebibyte = 1 << 20;
/// Of one connection: the client's and the endpoint's.
constexpr std::uint64_t kDescriptorsEach = 2;
/// For what is no connection: listeners, the API server, pages, pipes.
constexpr std::uint64_t kDescriptorsBeside = 256;
constexpr std::uint64_t kFewDescriptors = 8192;
constexpr std::uint64_t kTooFewDescriptors = 1024;
/// What it takes with 10,000 services and 100,000 endpoints (docs/performance.md).
constexpr std::uint64_t kMuchMemory = 64 * kMebibyte;
constexpr std::uint64_t kLittleMemory = 24 * kMebibyte;
constexpr unsigned kFewLocalPorts = 16384;

std::string first_word(const fs::path& path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

/// The number after "NAME:" in a file of /proc.
std::string field(const fs::path& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream words(line.substr(name.size() + 1));
    std::string word;
    words >> word;
    return word;
  }
  return {};
}

std::optional<std::uint64_t> number(const std::string& text, int base = 10) {
  try {
    return text.empty() ? std::nullopt : std::optional<std::uint64_t>(std::stoull(text, nullptr, base));
  } catch (const std::logic_error&) {
    return std::nullopt;
  }
}

bool can_splice() {
  std::array<int, 2> ends{-1, -1};
  std::array<int, 2> pair{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return false;
  const UniqueFd near(pair[0]);
  const UniqueFd far(pair[1]);
  return ::write(near.get(), "x", 1) == 1 && ::splice(far.get(), nullptr, in.get(), nullptr, 1, SPLICE_F_NONBLOCK) == 1;
}

bool can_freebind() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  return fd && ::setsockopt(fd.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) == 0;
}

std::string why_no_sk_lookup() {
  try {
    make_sk_lookup_capture(1, 1, {}, false)->stop();
    return {};
  } catch (const std::runtime_error& refused) {
    return refused.what();
  }
}

/// "6.1.0-18" as 6 and 1; zeros when it is something else.
std::pair<unsigned, unsigned> version_of(const std::string& release) {
  std::pair<unsigned, unsigned> version{0, 0};
  char dot = 0;
  std::istringstream text(release);
  text >> version.first >> dot >> version.second;
  return dot == '.' ? version : std::pair<unsigned, unsigned>{0, 0};
}

Finding check_version(const KernelFacts& facts) {
  constexpr std::pair<unsigned, unsigned> kOldest{4, 17};
  if (version_of(facts.release) < kOldest) {
    return error(kKernel, fmt::format("Linux {} is older than 4.17", facts.release),
                 "run Linux 4.17 or newer; with 5.9 it captures by sk_lookup");
  }
  if (!facts.splice) {
    return warning(kKernel, fmt::format("Linux {}, and splice(2) is denied: streams are copied", facts.release),
                   "let the seccomp profile allow splice, tee and pipe2");
  }
  return ok(kKernel, fmt::format("Linux {}, with splice", facts.release));
}

bool beyond_loopback(const std::vector<config::IpPrefix>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [](const auto& range) { return !range.address().is_loopback(); });
}

void check_capture(const KernelFacts& facts, const KernelWants& wants, Findings& findings) {
  constexpr const char* kCapabilities = "give CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW, on Linux 5.9 or newer";
  if (wants.capture != CaptureMethod::kBind) {
    if (facts.no_sk_lookup.empty()) {
      findings.push_back(ok(kCapture, "service addresses can be captured by sk_lookup"));
      return;
    }
    if (wants.capture == CaptureMethod::kSkLookup) {
      findings.push_back(error(kCapture, fmt::format("--capture sk_lookup: {}", facts.no_sk_lookup), kCapabilities));
      return;
    }
    findings.push_back(warning(kCapture,
                               fmt::format("service addresses are bound to, beside whatever the host has at the same "
                                           "ports; sk_lookup cannot be had: {}",
                                           facts.no_sk_lookup),
                               kCapabilities));
  } else {
    findings.push_back(ok(kCapture, "service addresses are bound to, as --capture says"));
  }
  if (!facts.freebind) {
    findings.push_back(error(kCapture, "IP_FREEBIND is denied: service addresses cannot be bound to",
                             "let the seccomp profile allow setsockopt"));
  }
  // Most clusters have services at 53, 80 and 443.
  if (facts.first_free_port > 53 && !facts.may(CAP_NET_BIND_SERVICE)) {
    const std::string found = fmt::format("services at ports below {} cannot be bound to", facts.first_free_port);
    constexpr const char* kRemedy = "give CAP_NET_BIND_SERVICE, or set net.ipv4.ip_unprivileged_port_start to 0";
    findings.push_back(beyond_loopback(wants.ranges) ? error(kCapture, found, kRemedy)
                                                     : warning(kCapture, found, kRemedy));
  }
}

void check_local_ports(const KernelFacts& facts, Findings& findings) {
  const auto [first, last] = facts.local_ports;
  const unsigned count = last >= first && last != 0 ? last - first + 1 : 0;
  const std::size_t before = findings.size();
  if (count != 0 && count < kFewLocalPorts) {
    findings.push_back(warning(kPorts,
                               fmt::format("net.ipv4.ip_local_port_range leaves {} ports, and so as many connections "
                                           "to one endpoint at a time",
                                           count),
                               "set it to \"32768 60999\" or wider"));
  }
  if (facts.port_reuse != "1" && !facts.port_reuse_writable) {
    findings.push_back(warning(kPorts,
                               fmt::format("net.ipv4.tcp_tw_reuse is {} and cannot be set to 1 from here",
                                           facts.port_reuse.empty() ? "unknown" : facts.port_reuse),
                               "set it to 1, lest several hundred new connections a second to one endpoint use up the "
                               "local ports"));
  }
  if (findings.size() == before) {
    findings.push_back(ok(kPorts, fmt::format("{} for connections to endpoints, and net.ipv4.tcp_tw_reuse {}",
                                              count == 0 ? "as many as there are" : std::to_string(count),
                                              facts.port_reuse == "1" ? "is 1" : "will be set to 1")));
  }
}

}  // namespace

KernelFacts read_kernel_facts(const fs::path& proc) {
  KernelFacts facts;
  utsname name{};
  if (::uname(&name) == 0) facts.release = name.release;
  facts.capabilities = number(field(proc / "self/status", "CapEff"), 16).value_or(0);
  facts.no_sk_lookup = why_no_sk_lookup();
  facts.splice = can_splice();
  facts.freebind = can_freebind();
  facts.ipv6 = first_word(proc / "sys/net/ipv6/conf/all/disable_ipv6") == "0";
  std::ifstream(proc / "sys/net/ipv4/ip_local_port_range") >> facts.local_ports.first >> facts.local_ports.second;
  const fs::path reuse = proc / "sys/net/ipv4/tcp_tw_reuse";
  facts.port_reuse = first_word(reuse);
  facts.port_reuse_writable = ::faccessat(AT_FDCWD, reuse.c_str(), W_OK, AT_EACCESS) == 0;
  facts.first_free_port =
      static_cast<unsigned>(number(first_word(proc / "sys/net/ipv4/ip_unprivileged_port_start")).value_or(1024));
  return facts;
}

Findings check_kernel(const KernelFacts& facts, const KernelWants& wants) {
  Findings findings{check_version(facts)};
  check_capture(facts, wants, findings);
  for (const config::IpPrefix& range : wants.ranges) {
    if (facts.ipv6 || range.address().is_v4()) continue;
    findings.push_back(error(kKernel, fmt::format("IPv6 is off, and {} is a service range", range.to_string()),
                             "set net.ipv6.conf.all.disable_ipv6 to 0, or leave the range out"));
  }
  check_local_ports(facts, findings);
  return findings;
}

namespace {

/// Where this process's own limits stand: in a container often at the root, whatever it is called outside.
fs::path own_cgroup(const fs::path& proc, const fs::path& cgroup) {
  constexpr std::string_view kVersion2 = "0::/";
  std::ifstream file(proc / "self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kVersion2)) continue;
    std::error_code ignored;
    const fs::path own = cgroup / line.substr(kVersion2.size());
    if (fs::exists(own / "memory.max", ignored)) return own;
  }
  return cgroup;
}

}  // namespace

LimitFacts read_limit_facts(const fs::path& proc, const fs::path& cgroup) {
  LimitFacts facts;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.descriptors = limit.rlim_max;
  if (const auto kibibytes = number(field(proc / "meminfo", "MemAvailable"))) facts.memory = *kibibytes * 1024;
  const fs::path own = own_cgroup(proc, cgroup);
  const auto most = number(first_word(own / "memory.max"));
  const auto used = number(first_word(own / "memory.current"));
  if (most && used) {
    const std::uint64_t left = *most > *used ? *most - *used : 0;
    facts.memory = std::min(facts.memory.value_or(left), left);
  }
  return facts;
}

Findings check_limits(const LimitFacts& facts) {
  Findings findings;
  const std::uint64_t connections =
      facts.descriptors < kDescriptorsBeside ? 0 : (facts.descriptors - kDescriptorsBeside) / kDescriptorsEach;
  const std::string room =
      fmt::format("RLIMIT_NOFILE allows {}: enough for about {} connections at a time", facts.descriptors, connections);
  constexpr const char* kRaise = "raise it: LimitNOFILE= of a systemd unit, or the container runtime's limit";
  if (facts.descriptors < kTooFewDescriptors) {
    findings.push_back(error(kDescriptors, room, kRaise));
  } else if (facts.descriptors < kFewDescriptors) {
    findings.push_back(warning(kDescriptors, room, kRaise));
  } else {
    findings.push_back(ok(kDescriptors, room));
  }
  if (!facts.memory) return findings;
  const std::string left = fmt::format("{} MiB are left", *facts.memory / kMebibyte);
  if (*facts.memory >= kMuchMemory) {
    findings.push_back(ok(kMemory, left));
  } else {
    const std::string found = left + ", and 10,000 services with 100,000 endpoints take about 61 MiB";
    constexpr const char* kRemedy = "leave it more, by the memory limit of its unit or container";
    findings.push_back(*facts.memory < kLittleMemory ? error(kMemory, found, kRemedy)
                                                     : warning(kMemory, found, kRemedy));
  }
  return findings;
}

}  // namespace ferry::proxy
