#include "proxy/dataplane/stream_turns.h"

#include <algorithm>
#include <utility>

#include "proxy/relay/relay_resources.h"

namespace ferry::proxy {

namespace {

/// For so many turns after one in which others had something to do, it is likely that they soon have again.
constexpr unsigned kShortTurns = 64;

}  // namespace

void StreamTurns::queue(Session& session) {
  if (!session.queued) {
    session.queued = true;
    queued_.push_back(&session);
  }
}

std::size_t StreamTurns::begin() {
  short_turns_ = std::exchange(others_had_events_, false) ? kShortTurns : short_turns_ - std::min(1U, short_turns_);
  return short_turns_ > 0 ? RelayResources::kShortBudget : RelayResources::kLongBudget;
}

void StreamTurns::forget_closed() {
  queued_.erase(std::remove_if(queued_.begin(), queued_.end(), [](const Session* s) { return s->closed; }),
                queued_.end());
}

}  // namespace ferry::proxy
