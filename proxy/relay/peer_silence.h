#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ferry::proxy {

/// What the kernel knows of the other end of a TCP connection (struct tcp_info, tcp(7)).
struct PeerFacts {
  /// Bytes were sent and not acknowledged, or wait to be sent.
  bool owes_answer = false;
  /// Nothing is under way, for the peer has no room: it is asked now and then whether it has.
  bool window_closed = false;
  /// Since it last acknowledged anything.
  std::chrono::milliseconds since_ack{};
  /// Questions for room in a row that it did not answer.
  unsigned unanswered_probes = 0;
};

/// What is known of the peer of a connected socket; nothing of a socket that is none.
PeerFacts peer_facts(int fd) noexcept;

/// Counts how long a peer that ought to answer has not: decisions only.
///
/// TCP_USER_TIMEOUT would do so by itself, but since Linux 5.11 (commit 9d9b1ee0b2d1) it also ends a connection whose
/// peer is alive and merely has no room for longer than the timeout. A live peer acknowledges what is sent, or answers
/// the questions for room; only silence counts here. As the questions come ever more rarely, a peer that dies without
/// room is noticed later than others: after three of them.
class PeerSilence {
 public:
  static constexpr unsigned kProbes = 3;

  /// Looked at again, `period` after the last time. True: it has been silent for `limit`.
  bool note(const PeerFacts& facts, std::chrono::milliseconds period, std::chrono::milliseconds limit) noexcept {
    const bool silent =
        facts.owes_answer && (facts.window_closed ? facts.unanswered_probes >= kProbes : facts.since_ack >= period);
    looks_ = silent ? static_cast<std::uint8_t>(std::min(looks_ + 1, 255)) : std::uint8_t{0};
    return looks_ > 0 && looks_ * period >= limit;
  }
  void heard() noexcept { looks_ = 0; }

 private:
  /// Looks in a row that found it silent.
  std::uint8_t looks_ = 0;
};

}  // namespace ferry::proxy
