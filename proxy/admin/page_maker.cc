#include "proxy/admin/page_maker.h"

#include <new>
#include <utility>

namespace ferry::proxy {

void PageMaker::ask(Routes::Reply reply) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  waiting_.push_back(std::move(reply));
  asked_.notify_one();
}

void PageMaker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    asked_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void PageMaker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    asked_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const std::vector<Routes::Reply> replies = std::exchange(waiting_, {});
    lock.unlock();
    try {
      Response response = make_page(page_);
      for (std::size_t index = 0; index + 1 < replies.size(); ++index) replies[index](response);
      replies.back()(std::move(response));
    } catch (const std::bad_alloc&) {
      // Who was not answered is told that there was no time for it.
    }
    lock.lock();
  }
}

}  // namespace ferry::proxy
