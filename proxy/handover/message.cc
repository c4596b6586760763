#include "proxy/handover/message.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

#include <sys/socket.h>

namespace ferry::proxy {

namespace {

MessageError failure(const std::string& what, int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return {MessageError::Kind::kWouldBlock, {}};
  const bool closed = error == EPIPE || error == ECONNRESET || error == ENOTCONN;
  return {closed ? MessageError::Kind::kClosed : MessageError::Kind::kFailed,
          what + ": " + std::generic_category().message(error)};
}

std::vector<UniqueFd> descriptors_in(msghdr& header) {
  std::vector<UniqueFd> found;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < count; ++index) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + index * sizeof(int), sizeof(int));
      found.emplace_back(fd);
    }
  }
  return found;
}

}  // namespace

std::string Message::kind() const {
  const auto found = body.find("kind");
  return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void prepare_message_socket(int socket) {
  // Beyond net.core.wmem_max with CAP_NET_ADMIN alone; what there is otherwise is enough for all but the fullest.
  const int bytes = static_cast<int>(2 * kMostMessageBytes);
  if (::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0) {
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
  }
}

std::optional<MessageError> send_message(int socket, const nlohmann::json& body, std::span<const int> descriptors) {
  const std::vector<std::uint8_t> bytes = nlohmann::json::to_cbor(body);
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  if (::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return std::nullopt;
  return failure("cannot send", errno);
}

std::variant<Message, MessageError> receive_message(int socket) {
  std::vector<std::uint8_t> bytes(kMostMessageBytes);
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) return failure("cannot receive", errno);
  Message message;
  message.descriptors = descriptors_in(header);
  if (size == 0) return MessageError{MessageError::Kind::kClosed, "the other process has gone"};
  if ((header.msg_flags & MSG_CTRUNC) != 0) {
    return MessageError{MessageError::Kind::kFailed,
                        "no room for the descriptors that were handed over; raise the limit on open files"};
  }
  bytes.resize(static_cast<std::size_t>(size));
  message.body = nlohmann::json::from_cbor(bytes, true, false);
  if ((header.msg_flags & MSG_TRUNC) != 0 || !message.body.is_object()) {
    return MessageError{MessageError::Kind::kFailed, "the other process said what is no message"};
  }
  return message;
}

}  // namespace ferry::proxy
