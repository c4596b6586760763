#include "tests/proxy/relay/test_datagrams.h"

#include <poll.h>
#include <sys/socket.h>

#include "tests/proxy/relay/fail.h"

namespace ferry::proxy::testing {

TestDatagrams::TestDatagrams(const std::string& address, std::uint16_t port) {
  const SocketAddress local(config::IpAddress::parse(address).value(), port);
  fd_ = UniqueFd(::socket(local.domain(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval patience{10, 0};
  if (!fd_ || ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
      ::bind(fd_.get(), local.data(), local.size()) != 0) {
    fail("a test's UDP socket");
  }
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &size);
  self_ = peer_of(storage);
}

void TestDatagrams::connect(const Peer& peer) const {
  const SocketAddress target(peer.address, peer.port);
  if (::connect(fd_.get(), target.data(), target.size()) != 0) fail("connect");
}

void TestDatagrams::send(std::string_view bytes, const Peer& to) const {
  const SocketAddress target(to.address, to.port);
  if (::sendto(fd_.get(), bytes.data(), bytes.size(), 0, target.data(), target.size()) < 0) fail("sendto");
}

TestDatagrams::Received TestDatagrams::receive() const {
  Received received;
  received.bytes.resize(65536);
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  const ssize_t count = ::recvfrom(fd_.get(), received.bytes.data(), received.bytes.size(), 0,
                                   reinterpret_cast<sockaddr*>(&storage), &size);
  if (count < 0) fail("recvfrom");
  received.bytes.resize(static_cast<std::size_t>(count));
  received.from = peer_of(storage);
  return received;
}

bool TestDatagrams::pending() const {
  pollfd polled{fd_.get(), POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0;
}

}  // namespace ferry::proxy::testing
