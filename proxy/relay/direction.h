#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "proxy/relay/leg.h"
#include "proxy/relay/relay_resources.h"

namespace ferry::proxy {

/// Carries bytes one way between the two sockets of a connection, and knows when all have passed.
///
/// Small messages go through the worker's buffer: recv, send. What the receiver refuses is kept, and nothing is read
/// until it has taken that. A run of large reads turns to splice(2), a run of small ones turns back; where no pipe is
/// to be had, bytes are copied.
class Direction {
 public:
  enum class State : std::uint8_t {
    /// Until one of the sockets becomes ready.
    kWaiting,
    /// The budget of `resources` is spent and there may be more: call again.
    kMore,
    /// The sender's FIN was read and every byte before it has been passed on.
    kFinished,
    /// One of the sockets is broken; what was kept is lost.
    kBroken,
  };

  struct Result {
    State state = State::kWaiting;
    /// Bytes the receiver's socket took.
    std::size_t moved = 0;
  };

  /// Moves what can be moved now. `resources` must be the same each time.
  Result pump(Leg& from, Leg& to, RelayResources& resources);

  /// Gives back what this holds. Must be called before the end.
  void release(RelayResources& resources);

  /// Large reads come one after the other: a turn of this takes long.
  bool streams() const { return splicing_; }

  /// The sender's FIN was read.
  bool sender_finished() const { return sender_finished_; }

  /// What another process must know to go on where this left off.
  struct Pending {
    /// Read from the sender, and not yet taken by the receiver.
    std::string held;
    bool sender_finished = false;
  };
  /// None of its bytes is in a pipe: pending() tells all there is.
  bool can_be_handed_over() const { return piped_ == 0; }
  Pending pending() const;
  /// Goes on from there. To be called before anything else.
  void resume(const Pending& pending, RelayResources& resources);

 private:
  struct Held;
  struct HeldDeleter {
    void operator()(Held* held) const noexcept;
  };
  enum class Step : std::uint8_t { kMoved, kBlocked, kFailed };

  Result move_bytes(Leg& from, Leg& to, RelayResources& resources);
  Step flush(Leg& to, RelayResources& resources, std::size_t& moved);
  Step flush_held(Leg& to, RelayResources& resources, std::size_t& moved);
  Step flush_pipe(Leg& to, std::size_t& moved);
  Step copy(Leg& from, Leg& to, RelayResources& resources, std::size_t& moved);
  bool ready_to_splice(RelayResources& resources);
  Step splice_in(Leg& from, std::size_t budget, std::size_t& read);
  void keep(const char* bytes, std::size_t size, RelayResources& resources);
  void drop_held(RelayResources& resources);
  void count_read(bool argues_for_change, std::uint8_t needed);

  std::unique_ptr<Held, HeldDeleter> held_;
  /// Held only while bytes are under way, so that idle streams leave the pipes to others.
  std::unique_ptr<Pipe> pipe_;
  std::uint32_t piped_ = 0;
  /// Large reads in a row while copying, small ones while splicing.
  std::uint8_t run_ = 0;
  bool splicing_ = false;
  bool sender_finished_ = false;
};

}  // namespace ferry::proxy
