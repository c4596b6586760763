#include "proxy/host/service_manager.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace ferry::proxy {

namespace {

/// A variable's value, and the variable is gone. Empty when there is none.
std::string take_from_environment(const char* name) {
  const char* const value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_this_process(std::string_view pid) { return whole_number(pid) == static_cast<std::uint64_t>(::getpid()); }

struct Address {
  sockaddr_un name{};
  socklen_t size = 0;
};

/// `text` has been found good.
Address to_address(const std::string& text) {
  Address address;
  address.name.sun_family = AF_UNIX;
  std::memcpy(address.name.sun_path, text.data(), text.size());
  // An abstract name begins with a zero byte and is as long as it is; a path ends with one.
  const bool abstract = text.front() == '@';
  if (abstract) address.name.sun_path[0] = '\0';
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + (abstract ? 0 : 1));
  return address;
}

bool is_good(const std::string& address) {
  return address.size() >= 2 && address.size() < sizeof(sockaddr_un::sun_path) &&
         (address.front() == '/' || address.front() == '@');
}

std::error_code last_error() { return {errno, std::generic_category()}; }

}  // namespace

ServiceManager::ServiceManager(const std::string& address, std::optional<std::chrono::microseconds> watchdog)
    : address_(address), watchdog_(watchdog) {
  if (!is_good(address)) {
    throw std::runtime_error(fmt::format(
        "NOTIFY_SOCKET is '{}': it takes the path of a socket, from the root on, or '@' and an abstract name",
        address));
  }
  socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_) {
    throw std::runtime_error(
        fmt::format("no socket to tell the service manager by: {}", std::generic_category().message(errno)));
  }
  const timeval patience{0, std::chrono::microseconds(kPatience).count()};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

ServiceManager ServiceManager::from_environment() {
  const std::string address = take_from_environment("NOTIFY_SOCKET");
  const std::string interval = take_from_environment("WATCHDOG_USEC");
  const std::string watched = take_from_environment("WATCHDOG_PID");
  if (address.empty()) return {};
  std::optional<std::chrono::microseconds> watchdog;
  if (const auto number = whole_number(interval);
      number.value_or(0) > 0 && (watched.empty() || is_this_process(watched))) {
    watchdog = std::chrono::microseconds(*number);
  }
  return ServiceManager(address, watchdog);
}

std::vector<std::string> ServiceManager::environment() const {
  std::vector<std::string> made;
  if (socket_) made.push_back("NOTIFY_SOCKET=" + address_);
  if (watchdog_) made.push_back(fmt::format("WATCHDOG_USEC={}", watchdog_->count()));
  return made;
}

std::error_code ServiceManager::notify(std::string_view state) const { return send(state, {}); }

std::error_code ServiceManager::notify_reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1000), {});
}

std::error_code ServiceManager::store(std::span<const int> descriptors, std::string_view name) const {
  // Without FDPOLL=0 systemd drops a socket at the first error that is pending on it, such as one more port unreachable
  // for a UDP socket.
  const std::string state = fmt::format("FDSTORE=1\nFDPOLL=0\nFDNAME={}", name);
  while (!descriptors.empty()) {
    const auto part = descriptors.first(std::min(descriptors.size(), kDescriptorsAMessage));
    if (const std::error_code error = send(state, part)) return error;
    descriptors = descriptors.subspan(part.size());
  }
  return {};
}

std::error_code ServiceManager::remove(std::string_view name) const {
  return send(fmt::format("FDSTOREREMOVE=1\nFDNAME={}", name), {});
}

std::error_code ServiceManager::send(std::string_view state, std::span<const int> descriptors) const {
  if (!socket_) return {};
  Address address = to_address(address_);
  std::string text(state);
  iovec data{text.data(), text.size()};
  std::vector<char> control(descriptors.empty() ? 0 : CMSG_SPACE(descriptors.size_bytes()));
  msghdr message{};
  message.msg_name = &address.name;
  message.msg_namelen = address.size;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? last_error() : std::error_code{};
}

std::vector<ReceivedFd> inherited_descriptors(int first) {
  const std::string addressee = take_from_environment("LISTEN_PID");
  const std::string count = take_from_environment("LISTEN_FDS");
  const std::string names = take_from_environment("LISTEN_FDNAMES");
  if (!is_this_process(addressee)) return {};
  std::vector<ReceivedFd> received;
  std::string_view left = names;
  for (std::uint64_t i = 0; i < whole_number(count).value_or(0); ++i) {
    const int descriptor = first + static_cast<int>(i);
    // Fewer are open than were promised.
    if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) break;
    const std::string_view name = left.substr(0, left.find(':'));
    left.remove_prefix(std::min(left.size(), name.size() + 1));
    received.push_back({UniqueFd(descriptor), name.empty() ? "unknown" : std::string(name)});
  }
  return received;
}

}  // namespace ferry::proxy
