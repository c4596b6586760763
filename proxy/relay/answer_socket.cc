#include "proxy/relay/answer_socket.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

namespace ferry::proxy {

namespace {

/// Where the checksum is in the header.
constexpr int kChecksumOffset = 6;
constexpr std::uint32_t kUdp = 17;

/// The one's complement sum of 16-bit words in network order (RFC 1071), not folded. The order of the bytes does not
/// matter to it, so words are added as they lie in memory.
std::uint64_t sum_of(std::uint64_t sum, std::string_view bytes) {
  std::uint32_t word = 0;
  while (bytes.size() >= sizeof(word)) {
    std::memcpy(&word, bytes.data(), sizeof(word));
    sum += word;
    bytes.remove_prefix(sizeof(word));
  }
  word = 0;
  std::memcpy(&word, bytes.data(), bytes.size());
  return sum + word;
}

std::uint16_t folded(std::uint64_t sum) {
  while (sum >> 16U != 0) {
    sum = (sum & 0xFFFFU) + (sum >> 16U);
  }
  return static_cast<std::uint16_t>(sum);
}

void put_word(UdpHeader& header, std::size_t at, std::uint32_t word) {
  header[at] = static_cast<std::uint8_t>(word >> 8U);
  header[at + 1] = static_cast<std::uint8_t>(word);
}

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

}  // namespace

SocketResult open_answer_socket(const config::IpAddress& address) {
  const SocketAddress local(address, 0);
  UniqueFd fd(::socket(local.domain(), SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!fd) return {UniqueFd(), errno};
  if (const int error = make_transparent(fd.get(), address.family()); error != 0) return {UniqueFd(), error};
  if (!address.is_v4() && !set_option(fd.get(), IPPROTO_IPV6, IPV6_CHECKSUM, kChecksumOffset)) {
    return {UniqueFd(), errno};
  }
  // Room for as much as a service's own socket has.
  constexpr int kRoom = 4 << 20;
  static_cast<void>(set_option(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, kRoom));
  if (::bind(fd.get(), local.data(), local.size()) != 0) return {UniqueFd(), errno};
  return {std::move(fd), 0};
}

int make_transparent(int fd, config::AddressFamily family) {
  const bool done = family == config::AddressFamily::kIpv4 ? set_option(fd, IPPROTO_IP, IP_TRANSPARENT, 1)
                                                           : set_option(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1);
  return done ? 0 : errno;
}

UdpHeader udp_header(const Peer& from, const Peer& to, std::string_view payload) {
  UdpHeader header{};
  const auto length = static_cast<std::uint32_t>(header.size() + payload.size());
  put_word(header, 0, from.port);
  put_word(header, 2, to.port);
  put_word(header, 4, length);
  if (!from.address.is_v4()) return header;

  std::array<std::uint8_t, 4> rest{};
  rest[1] = static_cast<std::uint8_t>(kUdp);
  rest[2] = header[4];
  rest[3] = header[5];
  constexpr std::size_t kV4 = 4;
  std::uint64_t sum = sum_of(0, text_of(from.address.bytes().data(), kV4));
  sum = sum_of(sum, text_of(to.address.bytes().data(), kV4));
  sum = sum_of(sum, text_of(rest.data(), rest.size()));
  sum = sum_of(sum, text_of(header.data(), header.size()));
  sum = sum_of(sum, payload);
  auto checksum = static_cast<std::uint16_t>(~folded(sum));
  // 0 would say that there is none; to the receiver both mean the same sum.
  if (checksum == 0) checksum = 0xFFFF;
  std::memcpy(header.data() + kChecksumOffset, &checksum, sizeof(checksum));
  return header;
}

}  // namespace ferry::proxy
