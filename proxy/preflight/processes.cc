#include "proxy/preflight/processes.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

namespace fs = std::filesystem;

std::vector<int> pids(const fs::path& proc) {
  std::vector<int> found;
  std::error_code error;
  for (fs::directory_iterator each(proc, error), end; !error && each != end; each.increment(error)) {
    const std::string name = each->path().filename().string();
    int pid = 0;
    const auto [stop, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (failed == std::errc{} && stop == name.data() + name.size()) found.push_back(pid);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string name_of(const fs::path& proc, int pid) {
  std::string name;
  std::ifstream file(proc / std::to_string(pid) / "comm");
  std::getline(file, name);
  return name;
}

/// How /proc/net/tcp writes the state TCP_LISTEN.
constexpr const char* kListening = "0A";

/// What the descriptors of those who listen at the port are called: "socket:[INODE]".
std::set<std::string> listening_sockets(std::uint16_t port, const fs::path& proc) {
  std::set<std::string> sockets;
  for (const char* const table : {"net/tcp", "net/tcp6"}) {
    std::ifstream file(proc / table);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string slot;
      std::string local;
      std::string remote;
      std::string state;
      std::string skipped;
      std::string inode;
      words >> slot >> local >> remote >> state;
      for (int column = 0; column < 5; ++column) words >> skipped;
      words >> inode;
      if (state == kListening && local.ends_with(fmt::format(":{:04X}", port)))
        sockets.insert("socket:[" + inode + "]");
    }
  }
  return sockets;
}

bool has_one(const std::set<std::string>& sockets, const fs::path& descriptors) {
  std::error_code error;
  for (fs::directory_iterator each(descriptors, error), end; !error && each != end; each.increment(error)) {
    std::error_code gone;
    if (sockets.contains(fs::read_symlink(each->path(), gone).string())) return true;
  }
  return false;
}

}  // namespace

std::vector<Process> find_processes(const std::string& name, const fs::path& proc) {
  std::vector<Process> found;
  for (const int pid : pids(proc)) {
    if (name_of(proc, pid) == name) found.push_back({pid, name});
  }
  return found;
}

std::optional<Process> find_listener(std::uint16_t port, const fs::path& proc) {
  const std::set<std::string> sockets = listening_sockets(port, proc);
  if (sockets.empty()) return std::nullopt;
  for (const int pid : pids(proc)) {
    if (has_one(sockets, proc / std::to_string(pid) / "fd")) return Process{pid, name_of(proc, pid)};
  }
  return std::nullopt;
}

}  // namespace ferry::proxy
