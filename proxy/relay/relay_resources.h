#pragma once

#include <array>
#include <cstddef>

#include "proxy/relay/counter.h"
#include "proxy/relay/pipe_pool.h"

namespace ferry::proxy {

/// What all relays of one worker share. Outlives every relay.
struct RelayResources {
  static constexpr std::size_t kBufferBytes = std::size_t{64} * 1024;
  /// Bytes that one direction moves in a turn where others wait for theirs, and where none does.
  static constexpr std::size_t kShortBudget = std::size_t{64} * 1024;
  static constexpr std::size_t kLongBudget = std::size_t{512} * 1024;

  RelayResources(std::size_t most_held, std::size_t most_pipes) : max_held(most_held), pipes(most_pipes) {}

  /// The one buffer: full only between a recv and the send that follows it.
  std::array<char, kBufferBytes> buffer;
  /// Bytes that may stand in user memory for peers that do not take them, and those that do.
  std::size_t max_held;
  Counter held;
  /// Bytes that one direction moves before the other connections of the worker get their turn.
  std::size_t budget = kLongBudget;
  PipePool pipes;
};

}  // namespace ferry::proxy
