#include "proxy/relay/source_filter.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <linux/filter.h>
#include <sys/socket.h>

namespace ferry::proxy {

namespace {

/// Where the flags are: the kernel hands the filter the segment from its TCP header on.
constexpr std::uint32_t kFlags = 13;
constexpr std::uint32_t kSyn = 0x02;
constexpr std::uint32_t kSynAndAck = 0x12;
/// Where the source address is, from the network header on (RFC 791, RFC 8200).
constexpr std::uint32_t kSourceV4 = static_cast<std::uint32_t>(SKF_NET_OFF) + 12;
constexpr std::uint32_t kSourceV6 = static_cast<std::uint32_t>(SKF_NET_OFF) + 8;

constexpr sock_filter kTake{BPF_RET | BPF_K, 0, 0, 0xFFFFFFFF};
constexpr sock_filter kDrop{BPF_RET | BPF_K, 0, 0, 0};

using Program = std::vector<sock_filter>;

std::uint32_t word_of(const config::IpAddress::Bytes& bytes, std::size_t index) {
  std::uint32_t word = 0;
  for (std::size_t byte = 4 * index; byte < 4 * index + 4; ++byte) {
    word = word << 8U | bytes[byte];
  }
  return word;
}

/// Takes the segment when its source is in the range, and goes on behind itself otherwise.
void append_match(Program& program, const config::IpPrefix& range) {
  constexpr unsigned kWordBits = 32;
  const std::uint32_t source = range.address().is_v4() ? kSourceV4 : kSourceV6;
  const std::size_t words = (range.length() + kWordBits - 1) / kWordBits;
  for (std::size_t index = 0; index < words; ++index) {
    const unsigned bits = std::min(kWordBits, range.length() - static_cast<unsigned>(index) * kWordBits);
    const std::uint32_t mask = 0xFFFFFFFFU << (kWordBits - bits);
    // Behind the comparison come three instructions for each further word, and the last one.
    const auto otherwise = static_cast<std::uint8_t>(3 * (words - index - 1) + 1);
    program.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, source + 4 * static_cast<std::uint32_t>(index)});
    program.push_back({BPF_ALU | BPF_AND | BPF_K, 0, 0, mask});
    program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, otherwise, word_of(range.address().bytes(), index)});
  }
  program.push_back(kTake);
}

bool is_stream(int socket) {
  int type = 0;
  socklen_t size = sizeof(type);
  return ::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

}  // namespace

int admit_only(int socket, config::AddressFamily family, const std::vector<config::IpPrefix>& sources) {
  Program program;
  if (is_stream(socket)) {
    program = {
        {BPF_LD | BPF_B | BPF_ABS, 0, 0, kFlags},
        {BPF_ALU | BPF_AND | BPF_K, 0, 0, kSynAndAck},
        {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kSyn},
        kTake,
    };
  }
  for (const config::IpPrefix& range : sources) {
    if (range.address().family() == family) append_match(program, range);
  }
  program.push_back(kDrop);
  if (program.size() > BPF_MAXINSNS) return ENOMEM;
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0 ? 0 : errno;
}

int admit_everyone(int socket) {
  const int none = 0;
  const bool detached = ::setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none)) == 0;
  return detached || errno == ENOENT ? 0 : errno;
}

}  // namespace ferry::proxy
