#pragma once

#include <cstddef>
#include <vector>

#include "proxy/dataplane/session.h"

namespace ferry::proxy {

/// Whose turn it is among the sessions of one worker that move more than what a turn allows them, and how much that is:
/// less while there are others that move little, whom they are not to keep waiting.
class StreamTurns {
 public:
  /// The session goes on in another turn.
  void queue(Session& session);
  bool any() const { return !queued_.empty(); }

  /// Somebody who moves little has had something to do in this turn: streams leave him soon the next one.
  void note_others() { others_had_events_ = true; }
  void note_moved(std::size_t bytes) { moved_ += bytes; }

  /// Begins the streams' part of a turn. Returns the bytes that one direction may move in it.
  std::size_t begin();

  /// Calls `carry(session)` for one after the other, each of which may queue itself anew, until all have had their turn
  /// or have moved `most` bytes together. Whoever was not served is first the next time.
  template <typename Carry>
  void serve(std::size_t most, Carry carry) {
    turn_.swap(queued_);
    moved_ = 0;
    auto next = turn_.begin();
    while (next != turn_.end() && moved_ < most) {
      Session& session = **next++;
      session.queued = false;
      if (!session.closed) carry(session);
    }
    // No more of them than there were, so this takes no memory.
    turn_.erase(turn_.begin(), next);
    turn_.insert(turn_.end(), queued_.begin(), queued_.end());
    queued_.clear();
    turn_.swap(queued_);
  }

  /// Before closed sessions are freed.
  void forget_closed();

 private:
  std::vector<Session*> queued_;
  std::vector<Session*> turn_;
  bool others_had_events_ = false;
  /// Turns for which streams move less at a time.
  unsigned short_turns_ = 0;
  /// Bytes that streams have moved in this turn.
  std::size_t moved_ = 0;
};

}  // namespace ferry::proxy
