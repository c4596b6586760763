#include "proxy/preflight/address_findings.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ostr.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

namespace {

namespace fs = std::filesystem;

constexpr const char* kAddresses = "addresses";
constexpr const char* kSocket = "admin socket";
constexpr const char* kFiles = "files";
constexpr const char* kKubeProxy = "kube-proxy";
constexpr const char* kOwnName = "kube-ferry";

std::string message_of(int error) { return std::generic_category().message(error); }

/// The folder itself where it is there, else the nearest one above that is.
fs::path nearest_folder(fs::path folder) {
  std::error_code ignored;
  if (folder.empty()) folder = ".";
  while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
  return folder.empty() ? "." : folder;
}

int access_error(const fs::path& path, int how) {
  return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0 ? 0 : errno;
}

/// 0, or why no file can be made in the folder.
int folder_error(const fs::path& folder) {
  std::error_code ignored;
  if (fs::exists(folder, ignored) && !fs::is_directory(folder, ignored)) return ENOTDIR;
  return access_error(folder, W_OK | X_OK);
}

bool somebody_answers(const sockaddr_un& address) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

AddressAttempt try_address(const std::string& flag, const boost::asio::ip::tcp::endpoint& address) {
  AddressAttempt attempt{flag, address, 0, std::nullopt};
  const UniqueFd fd(::socket(address.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  const bool bound = fd && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                     ::bind(fd.get(), address.data(), static_cast<socklen_t>(address.size())) == 0;
  if (!bound) attempt.error = errno;
  if (attempt.error == EADDRINUSE) attempt.holder = find_listener(address.port());
  return attempt;
}

Finding check_address(const AddressAttempt& attempt) {
  const std::string asked = fmt::format("{} {}", attempt.flag, fmt::streamed(attempt.address));
  switch (attempt.error) {
    case 0:
      return ok(kAddresses, fmt::format("{} is free", asked));
    case EADDRINUSE: {
      if (!attempt.holder) {
        return error(kAddresses, fmt::format("{} is taken, by a process that cannot be seen from here", asked),
                     "see as root who has it, end that or give another address");
      }
      const auto& [pid, name] = *attempt.holder;
      const std::string found = fmt::format("{} is taken, by {} (pid {})", asked, name, pid);
      if (name == kOwnName) {
        return warning(kAddresses, found, "end the kube-ferry that runs on this node before another is started");
      }
      return error(kAddresses, found, fmt::format("end {}, or give another address", name));
    }
    case EADDRNOTAVAIL:
      return error(kAddresses, fmt::format("{} is no address of this host", asked),
                   "give one of this host's, or 0.0.0.0 for all of them");
    case EACCES:
      return error(kAddresses, fmt::format("{} is a port that this user may not have", asked),
                   "give CAP_NET_BIND_SERVICE, or a port from 1024 on");
    default:
      return error(kAddresses, fmt::format("{}: {}", asked, message_of(attempt.error)), "give another address");
  }
}

SocketAttempt try_socket(const std::string& path, bool required) {
  SocketAttempt attempt{path, required, 0, false};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    attempt.error = ENAMETOOLONG;
    return attempt;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  attempt.answered = somebody_answers(address);
  const fs::path folder = fs::path(path).parent_path();
  std::error_code ignored;
  const bool missing = !folder.empty() && !fs::exists(folder, ignored);
  attempt.error = missing && required ? ENOENT : folder_error(nearest_folder(folder));
  return attempt;
}

Finding check_socket(const SocketAttempt& attempt) {
  if (attempt.answered) {
    return warning(kSocket, fmt::format("a kube-ferry answers at {} already", attempt.path),
                   "end it before another is started, or give that one another --admin-socket");
  }
  if (attempt.error == 0) return ok(kSocket, fmt::format("{} can be made", attempt.path));
  const std::string found = fmt::format("--admin-socket {}: {}", attempt.path, message_of(attempt.error));
  const char* const remedy = attempt.error == ENAMETOOLONG ? "give a path of at most 107 bytes"
                                                           : "give a path in a folder that is there and may be written";
  if (attempt.required) return error(kSocket, found, remedy);
  return warning(kSocket, found + "; kube-ferry top, get and explain would have nobody to ask", remedy);
}

Findings check_readable(const std::string& flag, const std::string& path) {
  const int failed = access_error(path, R_OK);
  if (failed == 0) return {ok(kFiles, fmt::format("{} {} can be read", flag, path))};
  return {error(kFiles, fmt::format("{} {}: {}", flag, path, message_of(failed)), "name a file that may be read")};
}

Findings check_writable(const std::string& flag, const std::string& path) {
  if (path == "-") return {};
  std::error_code ignored;
  const fs::path folder = fs::path(path).parent_path();
  const int failed = fs::exists(path, ignored) ? access_error(path, W_OK) : folder_error(folder.empty() ? "." : folder);
  if (failed == 0) return {ok(kFiles, fmt::format("{} {} can be written", flag, path))};
  return {error(kFiles, fmt::format("{} {}: {}", flag, path, message_of(failed)),
                "name a file that may be written, in a folder that is there")};
}

Findings check_kube_proxy(const KubeProxyFacts& facts) {
  Findings findings;
  if (!facts.processes.empty()) {
    findings.push_back(
        error(kKubeProxy, fmt::format("kube-proxy runs on this node (pid {})", facts.processes.front().pid),
              "take it off this node first, by its DaemonSet or its unit: both would answer for the same "
              "services"));
  }
  if (!facts.rules.empty()) {
    findings.push_back(error(
        kKubeProxy,
        fmt::format("its rules take connections to services before they come here: {}", fmt::join(facts.rules, ", ")),
        "once kube-proxy no longer runs on this node, run `kube-proxy --cleanup`"));
  }
  if (facts.rules_error != 0) {
    findings.push_back(
        warning(kKubeProxy,
                fmt::format("whether it left rules behind could not be looked at: {}", message_of(facts.rules_error)),
                "run this as root, or with CAP_NET_ADMIN"));
  }
  if (findings.empty()) findings.push_back(ok(kKubeProxy, "none runs here, and none left rules behind"));
  return findings;
}

}  // namespace ferry::proxy
