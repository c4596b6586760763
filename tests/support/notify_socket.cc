#include "tests/support/notify_socket.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace ferry::testing {

namespace {

constexpr timeval kHangDeadline{30, 0};
constexpr std::size_t kMostDescriptors = 253;

/// None when nothing has come, in time or so far.
std::optional<NotifySocket::Message> receive_one(int fd, int flags) {
  std::array<char, 4096> text;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control;
  iovec data{text.data(), text.size()};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t count = recvmsg(fd, &header, flags | MSG_CMSG_CLOEXEC);
  if (count < 0) return std::nullopt;
  NotifySocket::Message message;
  message.text.assign(text.data(), static_cast<std::size_t>(count));
  const cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  if (rights != nullptr && rights->cmsg_type == SCM_RIGHTS) {
    const std::size_t size = rights->cmsg_len - CMSG_LEN(0);
    message.descriptors.resize(size / sizeof(int));
    std::memcpy(message.descriptors.data(), CMSG_DATA(rights), size);
  }
  return message;
}

}  // namespace

NotifySocket::Message::~Message() {
  for (const int descriptor : descriptors) close(descriptor);
}

bool NotifySocket::Message::has(const std::string& line) const {
  return ("\n" + text + "\n").find("\n" + line + "\n") != std::string::npos;
}

NotifySocket::NotifySocket(Kind kind) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  socklen_t size = sizeof(sa_family_t);
  if (kind == Kind::kPath) {
    const std::string path = (folder_.path() / "notify").string();
    std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
    size = sizeof(name);
  }
  // An abstract name is the kernel's choice where none is given.
  if (bind(fd_, reinterpret_cast<const sockaddr*>(&name), size) != 0) {
    throw std::runtime_error(std::string("no socket to stand in for systemd: ") + std::strerror(errno));
  }
  size = sizeof(name);
  getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size);
  address_ = kind == Kind::kPath ? std::string(name.sun_path)
                                 : "@" + std::string(name.sun_path + 1, size - offsetof(sockaddr_un, sun_path) - 1);
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kHangDeadline, sizeof(kHangDeadline));
}

NotifySocket::~NotifySocket() { close(fd_); }

NotifySocket::Message NotifySocket::receive() const {
  auto message = receive_one(fd_, 0);
  if (!message) throw std::runtime_error("the service never told its manager anything more");
  return std::move(*message);
}

NotifySocket::Message NotifySocket::receive_until(const std::string& line) const {
  while (true) {
    Message message = receive();
    if (message.has(line)) return message;
  }
}

std::vector<std::string> NotifySocket::take() const {
  std::vector<std::string> texts;
  while (auto message = receive_one(fd_, MSG_DONTWAIT)) texts.push_back(message->text);
  return texts;
}

}  // namespace ferry::testing
