#include "proxy/relay/datagram_batch.h"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>

#include "proxy/relay/answer_socket.h"

namespace ferry::proxy {

namespace {

/// The ancillary data that says which address a packet comes from (ip(7), IP_PKTINFO; ipv6(7), IPV6_PKTINFO).
class SourceControl {
 public:
  explicit SourceControl(const config::IpAddress& address) {
    if (address.is_v4()) {
      in_pktinfo from{};
      std::memcpy(&from.ipi_spec_dst, address.bytes().data(), sizeof(from.ipi_spec_dst));
      put(IPPROTO_IP, IP_PKTINFO, from);
    } else {
      in6_pktinfo from{};
      std::memcpy(&from.ipi6_addr, address.bytes().data(), sizeof(from.ipi6_addr));
      put(IPPROTO_IPV6, IPV6_PKTINFO, from);
    }
  }

  const char* data() const { return bytes_; }
  std::size_t size() const { return size_; }

 private:
  template <typename Info>
  void put(int level, int type, const Info& info) {
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(sizeof(info));
    header.cmsg_level = level;
    header.cmsg_type = type;
    std::memcpy(bytes_, &header, sizeof(header));
    std::memcpy(bytes_ + CMSG_LEN(0), &info, sizeof(info));
    size_ = CMSG_SPACE(sizeof(info));
  }

  alignas(cmsghdr) char bytes_[CMSG_SPACE(sizeof(in6_pktinfo))]{};
  std::size_t size_ = 0;
};

}  // namespace

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
  return send_all(fd, outgoing.data(), count);
}

DatagramBatch::Sent DatagramBatch::send_as(int fd, const Peer& from, std::size_t first, std::size_t count,
                                           const Peer& to) {
  // The ports are in the datagram's own header.
  const SocketAddress receiver(to.address, 0);
  const SourceControl source(from.address);
  std::array<UdpHeader, kRoom> headers;
  std::array<std::array<iovec, 2>, kRoom> parts;
  std::array<mmsghdr, kRoom> outgoing;
  for (std::size_t index = 0; index < count; ++index) {
    headers[index] = udp_header(from, to, bytes(first + index));
    parts[index][0] = {headers[index].data(), headers[index].size()};
    parts[index][1] = {buffer_of(first + index), messages_[first + index].msg_len};
    outgoing[index] = {};
    msghdr& header = outgoing[index].msg_hdr;
    // The call reads them only.
    header.msg_name = const_cast<sockaddr*>(receiver.data());
    header.msg_namelen = receiver.size();
    header.msg_control = const_cast<char*>(source.data());
    header.msg_controllen = source.size();
    header.msg_iov = parts[index].data();
    header.msg_iovlen = parts[index].size();
  }
  return send_all(fd, outgoing.data(), count);
}

DatagramBatch::Sent DatagramBatch::send_all(int fd, mmsghdr* outgoing, std::size_t count) {
  Sent sent;
  while (sent.count < count) {
    const int went =
        ::sendmmsg(fd, outgoing + sent.count, static_cast<unsigned>(count - sent.count), MSG_DONTWAIT | MSG_NOSIGNAL);
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
