#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "watch/codec/wire_format.h"
#include "watch/rest/api_error.h"

namespace ferry::watch {

struct ListOptions {
  /// Empty: the most recent (a quorum read). "0": whatever the server has at hand.
  std::string resource_version;
  /// 0: no paging.
  unsigned limit = 0;
  std::string continue_token;
  /// resourceVersionMatch=NotOlderThan: an error (ResourceVersionTooLarge) rather than an older state, also with a
  /// limit.
  bool not_older_than = false;
};

struct WatchOptions {
  /// Watch from here; empty or "0": from any state, initial ADDED events first.
  std::string resource_version;
  /// timeoutSeconds: the server ends the stream after this long.
  std::chrono::seconds timeout{0};
  bool allow_bookmarks = true;
  /// WatchList (KEP-3157): sendInitialEvents=true&resourceVersionMatch=NotOlderThan
  bool send_initial_events = false;
  /// Give up (ApiError::kTimeout) when nothing at all was heard for this long; 0: never.
  std::chrono::milliseconds stall_deadline{0};
  /// The same until the end of the initial events of a WatchList was marked.
  std::chrono::milliseconds initial_stall_deadline{0};
  /// Asked after each part of the stream, where given; false: the rest is not wanted, and the watch ends cleanly.
  std::function<bool()> wanted{};
};

/// What a list answered beside its items.
struct ListMeta {
  std::string resource_version;
  /// Non-empty: ask again with it for the next page.
  std::string continue_token;
};

enum class EventType { kAdded, kModified, kDeleted, kBookmark };

template <class T>
struct Event {
  EventType type = EventType::kAdded;
  ObjectMeta meta;
  /// Default-made for a bookmark; for a deletion only the name in `meta` counts.
  T value{};
};

/// One collection of the API server, as a Reflector asks for it. A bad object never reaches the callbacks: it is
/// skipped, counted and logged once by the implementation; on a watch its version still arrives, as a bookmark.
template <class T>
class ListerWatcher {
 public:
  using OnItem = std::function<void(Decoded<T>)>;
  using OnEvent = std::function<void(Event<T>)>;

  virtual ~ListerWatcher() = default;

  /// One page, or all where the server ignores the limit. `on_item` is called as the answer streams in; an error
  /// afterwards means that the items heard do not count.
  virtual boost::asio::awaitable<Result<ListMeta>> list(ListOptions options, OnItem on_item) = 0;

  /// Opens a watch and hands over its events in order, until the stream ends: success for a clean end, an error for
  /// anything else, an ERROR event's Status among it.
  virtual boost::asio::awaitable<Result<void>> watch(WatchOptions options, OnEvent on_event) = 0;
};

}  // namespace ferry::watch
