#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "proxy/admin/routes.h"

namespace ferry::proxy {

/// Makes a page that takes long on a thread of its own, so that what else is answered is not delayed. Who asks while
/// the page is being made shares the next one with everybody who does.
class PageMaker {
 public:
  /// `page` is called on that thread alone.
  explicit PageMaker(Routes::Page page) : page_(std::move(page)) {}
  /// Stops.
  ~PageMaker() { stop(); }
  PageMaker(const PageMaker&) = delete;
  PageMaker& operator=(const PageMaker&) = delete;

  /// Safe from any thread. Throws std::system_error when there is no thread to be had.
  void ask(Routes::Reply reply);
  /// Waits for a page that is being made. Who asks from now on gets no answer. May be called twice.
  void stop();

 private:
  void run();

  const Routes::Page page_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::vector<Routes::Reply> waiting_;
  bool stopping_ = false;
  /// Started by the first who asks.
  std::thread thread_;
};

}  // namespace ferry::proxy
