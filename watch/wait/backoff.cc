#include "watch/wait/backoff.h"

#include <algorithm>
#include <utility>

#include "watch/wait/wait.h"

namespace ferry::watch {

Clock::Duration Backoff::next() {
  const Clock::TimePoint now = clock_.now();
  if (last_ && now - *last_ >= options_.reset_after) reset();
  last_ = now;
  const Clock::Duration base = next_;
  const auto grown = static_cast<double>(base.count()) * options_.factor;
  next_ = std::min(options_.cap, Clock::Duration(static_cast<Clock::Duration::rep>(grown)));
  return jitter(clock_, base, options_.jitter);
}

}  // namespace ferry::watch
