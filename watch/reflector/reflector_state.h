#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "watch/reflector/lister_watcher.h"
#include "watch/rest/api_error.h"
#include "watch/wait/clock.h"

namespace ferry::watch {

/// Decides what a reflector does next, from what happened to what it did before. It talks to nobody and knows no time:
/// the rules are those that client-go's reflector arrived at in ten years.
class ReflectorState {
 public:
  enum class Step {
    /// List, page by page, and replace what is held.
    kList,
    /// Ask for the list as the beginning of a watch (WatchList, KEP-3157).
    kWatchList,
    /// The server was away, and may be back from a backup: ask whether it knows the version held, at the cost of one
    /// object. A watch from a version it has not reached would be silent.
    kCheckVersion,
    /// Watch from the version held.
    kWatch,
    /// Nothing that is tried again would mend it: whoever chose the resource must choose another.
    kGiveUp,
  };
  /// How long to wait before the next step.
  enum class Pause {
    kNone,
    kBackoff,
  };
  struct Next {
    Step step = Step::kList;
    Pause pause = Pause::kNone;
    /// At least this long, when the server said so.
    std::optional<std::chrono::seconds> retry_after;
  };

  /// How a watch ended.
  struct WatchEnd {
    /// None: the server ended it as it should.
    std::optional<ApiError> error;
    Clock::Duration lasted{};
    /// The timeoutSeconds it was opened with.
    Clock::Duration asked{};
    std::size_t events = 0;

    /// Doing the same again at once would do it many times a second.
    bool brief() const { return lasted < std::chrono::seconds(1); }
  };

  /// What the server is expected to be able to do.
  struct Server {
    /// WatchList is tried first; a server that does not know it is found out.
    bool watch_list = true;
    /// A list from a version it has not reached is refused. The API of 2014 takes no version there at all.
    bool checks_versions = true;
  };

  explicit ReflectorState(Server server) : server_(server) {}

  /// The first step.
  Next begin() const { return {relist(), Pause::kNone, std::nullopt}; }

  /// The version to list from: "0" at first (whatever the server has at hand), later the version held, and empty (a
  /// quorum read) only after the server refused that one.
  std::string list_version() const;
  /// The version to watch from.
  const std::string& watch_version() const { return version_; }
  /// Items to ask for in one page: only a quorum read is paged, others are served whole from the server's cache.
  unsigned page_limit() const;

  /// A list, of all its pages, succeeded.
  Next on_listed(const std::string& resource_version);
  Next on_list_failed(const ApiError& error);
  /// An event came, of a watch or of the initial events of a WatchList. The version it carries is adopted where the
  /// order of events makes that safe.
  void on_event(EventType type, const ObjectMeta& meta);
  /// The initial events of a WatchList are complete; the stream goes on as a watch.
  void on_initial_events_end(const std::string& resource_version);
  /// A WatchList ended before its initial events did.
  Next on_watch_list_failed(const WatchEnd& end);
  Next on_version_checked();
  /// `before`: the pause that was made before the check.
  Next on_version_check_failed(const ApiError& error, Pause before);
  Next on_watch_ended(const WatchEnd& end);

 private:
  Step relist() const { return server_.watch_list ? Step::kWatchList : Step::kList; }
  Step resume() const;
  void hold(const std::string& resource_version);
  Next list_instead(Pause pause, const ApiError* error);
  Next after_failure(const WatchEnd& end, const ApiError& error);
  Next fruitless_watch(Step again, const ApiError& error);

  Server server_;
  std::string version_;
  /// The server refused the version held: too old, or from a future it does not know.
  bool version_refused_ = false;
  /// Events so far came in no order of versions: a watch from "" or "0" brings what there is first.
  bool unordered_ = false;
  /// WatchLists in a row whose initial events had no end.
  unsigned endless_ = 0;
  /// Watches in a row that failed without an event.
  unsigned fruitless_ = 0;
};

}  // namespace ferry::watch
