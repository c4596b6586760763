#include "proxy/relay/datagram_batch.h"

#include <cerrno>

namespace ferry::proxy {

DatagramBatch::DatagramBatch() : buffers_(new char[kRoom * kLargest]) {
  for (std::size_t index = 0; index < kRoom; ++index) {
    parts_[index] = {buffer_of(index), kLargest};
    messages_[index] = {};
    messages_[index].msg_hdr.msg_name = &senders_[index];
    messages_[index].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    messages_[index].msg_hdr.msg_iov = &parts_[index];
    messages_[index].msg_hdr.msg_iovlen = 1;
  }
}

int DatagramBatch::receive(int fd) {
  // The kernel has written how long the senders' addresses were.
  for (std::size_t index = 0; index < size_; ++index) {
    messages_[index].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
  size_ = 0;
  int count = 0;
  do {
    count = ::recvmmsg(fd, messages_.data(), kRoom, MSG_DONTWAIT, nullptr);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return errno;
  size_ = static_cast<std::size_t>(count);
  return 0;
}

DatagramBatch::Sent DatagramBatch::send(int fd, std::size_t first, std::size_t count, const SocketAddress* to) {
  std::array<iovec, kRoom> parts;
  std::array<mmsghdr, kRoom> outgoing;
  for (std::size_t index = 0; index < count; ++index) {
    parts[index] = {buffer_of(first + index), messages_[first + index].msg_len};
    outgoing[index] = {};
    outgoing[index].msg_hdr.msg_iov = &parts[index];
    outgoing[index].msg_hdr.msg_iovlen = 1;
    if (to != nullptr) {
      // The call reads it only.
      outgoing[index].msg_hdr.msg_name = const_cast<sockaddr*>(to->data());
      outgoing[index].msg_hdr.msg_namelen = to->size();
    }
  }
  Sent sent;
  while (sent.count < count) {
    const int went = ::sendmmsg(fd, outgoing.data() + sent.count, static_cast<unsigned>(count - sent.count),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (went < 0 && errno == EINTR) continue;
    if (went <= 0) {
      sent.error = errno;
      return sent;
    }
    sent.count += static_cast<std::size_t>(went);
  }
  return sent;
}

}  // namespace ferry::proxy
