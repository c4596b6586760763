#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include <sys/socket.h>

#include "proxy/relay/socket_address.h"

namespace ferry::proxy {

/// Datagrams read from one socket with one call (recvmmsg(2)), to be written to others with as few (sendmmsg(2)). Each
/// may be as large as UDP allows: 65,507 bytes. One batch serves all sockets of a thread in turn; memory that no
/// datagram was large enough to touch costs nothing.
class DatagramBatch {
 public:
  static constexpr std::size_t kRoom = 32;

  DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  /// Reads what is there by now, at most kRoom; what was read before is gone. 0, or an errno; EAGAIN when there is
  /// none.
  int receive(int fd);

  std::size_t size() const { return size_; }
  std::string_view bytes(std::size_t index) const { return {buffer_of(index), messages_[index].msg_len}; }
  /// Who sent it.
  Peer sender(std::size_t index) const { return peer_of(senders_[index]); }

  struct Sent {
    /// From the first on.
    std::size_t count = 0;
    /// What stopped the next one; 0: nothing.
    int error = 0;
  };
  /// Sends `count` of them from `first` on, in order, to `to`; null: to whom the socket is connected.
  Sent send(int fd, std::size_t first, std::size_t count, const SocketAddress* to);
  /// The same by a socket of answer_socket.h, as from that address and port.
  Sent send_as(int fd, const Peer& from, std::size_t first, std::size_t count, const Peer& to);

 private:
  static constexpr std::size_t kLargest = 65536;

  static Sent send_all(int fd, mmsghdr* outgoing, std::size_t count);

  char* buffer_of(std::size_t index) const { return buffers_.get() + index * kLargest; }

  std::unique_ptr<char[]> buffers_;
  std::array<sockaddr_storage, kRoom> senders_;
  std::array<iovec, kRoom> parts_;
  std::array<mmsghdr, kRoom> messages_;
  std::size_t size_ = 0;
};

}  // namespace ferry::proxy
