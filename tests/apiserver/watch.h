#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tests/apiserver/context.h"

namespace ferry::apiserver {

/// One open watch: hears the storage, keeps what it heard in a bounded queue, and hands it out line by line to the
/// connection that carries it. A watcher that falls behind by more than its queue holds is ended.
class Watch {
 public:
  using Clock = std::chrono::steady_clock;

  /// What a request asked for.
  struct Plan {
    std::string resource;
    Selection selection;
    std::shared_ptr<Representation> representation;
    /// Only what is newer than this; nullopt: what is there now comes first, as ADDED.
    std::optional<Version> after;
    bool bookmarks = false;
    /// Whether a bookmark tells where the initial events end.
    bool marks_initial_end = false;
    std::chrono::milliseconds bookmark_interval{60000};
    /// 0: until somebody ends it.
    std::chrono::seconds timeout{0};
    std::size_t queue_limit = 16384;
  };

  struct Line {
    enum class Kind : std::uint8_t { kEvent, kBookmark, kError };
    Kind kind = Kind::kEvent;
    std::string text;
  };

  /// A watch that starts too far back for the history gives one ERROR line and ends.
  Watch(const boost::asio::any_io_executor& executor, Storage& storage, Plan plan);

  /// The next line; nullopt when the watch has ended. One caller at a time.
  boost::asio::awaitable<std::optional<Line>> next();
  /// Ends it: `next` gives no more.
  void end();

 private:
  void on_event(const Event& event);
  std::optional<Line> ready_line();
  /// The line an event is for this watch; nullopt when it is none of its business.
  [[nodiscard]] std::optional<Line> line_of(const Event& event) const;
  [[nodiscard]] Line bookmark(bool ends_initial_events) const;

  Storage& storage_;
  Plan plan_;
  std::vector<ObjectPtr> initial_;
  std::size_t next_initial_ = 0;
  bool initial_end_due_ = false;
  std::deque<Event> queue_;
  std::optional<Status> error_;
  bool ended_ = false;
  /// The version up to which everything has been handed out.
  Version version_ = 0;
  Clock::time_point deadline_ = Clock::time_point::max();
  Clock::time_point next_bookmark_ = Clock::time_point::max();
  boost::asio::steady_timer wake_;
  std::unique_ptr<Storage::Subscription> subscription_;
};

}  // namespace ferry::apiserver
