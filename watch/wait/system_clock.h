#pragma once

#include <random>

#include "watch/wait/clock.h"

namespace ferry::watch {

/// The machine's own time and randomness. Belongs to one thread.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override;
  boost::asio::awaitable<void> sleep(Duration duration) override;
  double random() override;

 private:
  std::mt19937_64 generator_{std::random_device{}()};
};

}  // namespace ferry::watch
