#include "proxy/relay/peer_silence.h"

// The C library's own struct tcp_info ends before what is asked for here.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ferry::proxy {

PeerFacts peer_facts(int fd) noexcept {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  PeerFacts facts;
  facts.owes_answer = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0;
  facts.window_closed = info.tcpi_unacked == 0;
  facts.since_ack = std::chrono::milliseconds(info.tcpi_last_ack_recv);
  facts.unanswered_probes = info.tcpi_probes;
  return facts;
}

}  // namespace ferry::proxy
