#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// Tells the service manager that started this process, systemd for one, how it fares: one datagram a message to the
/// socket named by $NOTIFY_SOCKET (sd_notify(3)). Without such a socket every call does nothing.
///
/// A call never waits longer than kPatience for a manager that does not read. What it returns is what the kernel said:
/// no error, or why the manager did not get the message.
class ServiceManager {
 public:
  static constexpr std::chrono::milliseconds kPatience{100};
  /// A message carries at most so many descriptors (SCM_MAX_FD, unix(7)).
  static constexpr std::size_t kDescriptorsAMessage = 253;

  /// Nobody to tell.
  ServiceManager() = default;
  /// `address`: the path of a datagram socket, or "@" and an abstract name. Throws std::runtime_error with a sentence
  /// when it is neither.
  explicit ServiceManager(const std::string& address, std::optional<std::chrono::microseconds> watchdog = std::nullopt);

  /// From $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, which it takes out of the environment. Call it before any
  /// thread is started. Throws as the constructor does.
  static ServiceManager from_environment();

  /// What from_environment() took, for a process that is to be this service in the place of this one: NAME=VALUE.
  std::vector<std::string> environment() const;

  /// Somebody listens.
  explicit operator bool() const { return static_cast<bool>(socket_); }

  /// `state`: lines of NAME=VALUE, such as "READY=1\nSTATUS=serving 3 services".
  std::error_code notify(std::string_view state) const;
  /// That the configuration is being read anew; READY=1 is to follow.
  std::error_code notify_reloading() const;
  /// Gives the manager copies of descriptors to keep under `name`, for the process that it starts next. It keeps as
  /// many as FileDescriptorStoreMax= allows, until they are removed or the service stops, whatever befalls the sockets.
  /// `name`: 1 to 255 characters of ASCII, no control characters and no colon.
  std::error_code store(std::span<const int> descriptors, std::string_view name) const;
  /// The manager closes everything it keeps under `name`.
  std::error_code remove(std::string_view name) const;

  /// WATCHDOG=1 has to be said at least this often, else the manager ends this process; twice as often is usual.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  std::error_code send(std::string_view state, std::span<const int> descriptors) const;

  UniqueFd socket_;
  std::string address_;
  std::optional<std::chrono::microseconds> watchdog_;
};

/// A descriptor that the service manager handed to this process.
struct ReceivedFd {
  UniqueFd fd;
  /// As stored, or of the socket unit; "unknown" when the manager says none.
  std::string name;
};

/// What the service manager handed over: from $LISTEN_PID, $LISTEN_FDS and $LISTEN_FDNAMES (sd_listen_fds(3)), which
/// it takes out of the environment. Nothing when they speak to another process. The descriptors become close-on-exec.
/// Call it once, before any thread is started. `first`: the number of the first of them, SD_LISTEN_FDS_START.
std::vector<ReceivedFd> inherited_descriptors(int first = 3);

}  // namespace ferry::proxy
