#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace ferry::proxy {

struct Process {
  int pid = 0;
  /// What the kernel calls it, at most 15 letters (proc_pid_comm(5)).
  std::string name;

  friend bool operator==(const Process&, const Process&) = default;
};

/// Those of this name, by the lowest pid. `proc`: where procfs is; what cannot be read there is left out.
std::vector<Process> find_processes(const std::string& name, const std::filesystem::path& proc = "/proc");

/// Who listens at the TCP port, at any address; none when nobody does or it cannot be seen: other users' processes are
/// seen by root alone.
std::optional<Process> find_listener(std::uint16_t port, const std::filesystem::path& proc = "/proc");

}  // namespace ferry::proxy
