#pragma once

#include <chrono>

#include "watch/reflector/reflector_state.h"

namespace ferry::watch {

struct ReflectorOptions {
  ReflectorState::Server server;
  /// timeoutSeconds is drawn from this and twice this, so that watches do not end all at once.
  std::chrono::seconds shortest_watch = std::chrono::minutes(5);
  /// A watch that brings nothing for so long, not even a bookmark (there is one a minute), is given up.
  std::chrono::milliseconds stall_deadline = std::chrono::minutes(3);
  /// The same before the initial events of a WatchList are complete.
  std::chrono::milliseconds initial_stall_deadline = std::chrono::seconds(15);
  /// However much comes: a WatchList whose initial events are not complete by then is given up.
  std::chrono::milliseconds initial_deadline = std::chrono::minutes(1);
  /// What a server may ask for with Retry-After is heeded up to here.
  std::chrono::seconds longest_retry_after = std::chrono::minutes(2);
};

}  // namespace ferry::watch
