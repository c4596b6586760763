#include "tests/e2e/steady_load.h"

namespace ferry::testing {

SteadyLoad::SteadyLoad(const boost::asio::ip::tcp::endpoint& target, std::size_t rate, std::size_t callers) {
  const std::chrono::nanoseconds pause = callers * std::chrono::nanoseconds(std::chrono::seconds(1)) / rate;
  for (std::size_t i = 0; i < callers; ++i) threads_.emplace_back([this, target, pause] { run(target, pause); });
}

SteadyLoad::~SteadyLoad() { stop(); }

void SteadyLoad::run(const boost::asio::ip::tcp::endpoint& target, std::chrono::nanoseconds pause) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !paused_; });
    if (stopping_) return;
    const auto next = std::chrono::steady_clock::now() + pause;
    ++calling_;
    lock.unlock();
    const Call result = call(target);
    lock.lock();
    --calling_;
    tally_.add(result);
    changed_.notify_all();
    changed_.wait_until(lock, next, [this] { return stopping_; });
  }
}

Tally SteadyLoad::tally() const {
  const std::lock_guard lock(mutex_);
  return tally_;
}

void SteadyLoad::wait_for_more(std::size_t count) {
  std::unique_lock lock(mutex_);
  const std::size_t wanted = tally_.succeeded() + tally_.failed + count;
  changed_.wait(lock, [this, wanted] { return tally_.succeeded() + tally_.failed >= wanted; });
}

void SteadyLoad::pause() {
  std::unique_lock lock(mutex_);
  paused_ = true;
  changed_.wait(lock, [this] { return calling_ == 0; });
}

void SteadyLoad::resume() {
  const std::lock_guard lock(mutex_);
  paused_ = false;
  changed_.notify_all();
}

Tally SteadyLoad::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  return tally_;
}

}  // namespace ferry::testing
