#include "tests/e2e/steady_load.h"

#include <chrono>

namespace ferry::testing {

SteadyLoad::SteadyLoad(const boost::asio::ip::tcp::endpoint& target, std::size_t rate) {
  thread_ = std::thread([this, target, rate] { run(target, rate); });
}

SteadyLoad::~SteadyLoad() { stop(); }

void SteadyLoad::run(const boost::asio::ip::tcp::endpoint& target, std::size_t rate) {
  const auto pause = std::chrono::nanoseconds(std::chrono::seconds(1)) / static_cast<long>(rate);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::chrono::steady_clock::now() + pause;
    lock.unlock();
    const Call result = call(target);
    lock.lock();
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

Tally SteadyLoad::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  return tally_;
}

}  // namespace ferry::testing
