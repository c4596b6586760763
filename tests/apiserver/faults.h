#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/json.h"
#include "tests/apiserver/status.h"

namespace ferry::apiserver {

/// One misbehaviour asked for: to which requests, how often, and what happens.
struct Fault {
  enum class Action : std::uint8_t {
    kError,        ///< answers with `code` and a Status
    kErrorEvent,   ///< watches: sends an ERROR event with `code` and ends
    kDelay,        ///< waits `delay`, then goes on as if nothing were
    kReset,        ///< resets the connection
    kCut,          ///< writes half of the answer, or of the next event, and closes
    kGarbage,      ///< writes `text` instead of the answer, or before the next event
    kSlow,         ///< writes `bytes` bytes every `delay`
    kSilence,      ///< never answers; a watch stays open and says nothing more
    kNoBookmarks,  ///< watches: no bookmark is sent, not even the one that ends the initial events
    kDrop,         ///< ends open watches at once, as a timeout does
  };
  Action action = Action::kError;
  /// get, list, watch, create, update, patch, delete, deletecollection; empty for every verb.
  std::string verb;
  /// A part of the path (with the query); empty for every path.
  std::string path;
  /// How many requests or events it strikes before it is spent; 0 for no end.
  std::size_t count = 1;
  /// How many matching ones pass before it begins.
  std::size_t skip = 0;
  int code = 500;
  /// Seconds of a Retry-After header with kError.
  int retry_after = 0;
  std::chrono::milliseconds delay{0};
  std::size_t bytes = 1;
  std::string text = "}{\x01 not json\n";
};

/// The faults in force. A fault of an answer strikes when a request comes; one of a stream when an event is
/// about to be sent on a watch. The first one that matches strikes.
class Faults {
 public:
  /// Whether a fault is looked for when a request comes, or when an event is to be sent on an open watch.
  enum class Moment : std::uint8_t { kRequest, kEvent, kBookmark };

  /// Called with a kDrop or kReset fault that strikes the watches that are already open.
  using OnOpenWatches = std::function<void(const Fault&)>;

  void add(Fault fault);
  void clear();
  /// The fault that strikes, counted; nullopt for none.
  std::optional<Fault> strike(Moment moment, std::string_view verb, std::string_view target);
  /// The faults still in force, as they were asked for.
  [[nodiscard]] Json to_json() const;
  void on_open_watches(OnOpenWatches callback) { on_open_watches_ = std::move(callback); }

  /// Reads {"action":"error","verb":"list","path":"services","count":3,"skip":0,"code":429,"retryAfterSeconds":1,
  /// "delayMilliseconds":0,"bytes":1,"text":"…"}; only the action is required.
  static Result<Fault> parse(const Json& json);

 private:
  std::list<Fault> faults_;
  OnOpenWatches on_open_watches_;
};

/// Whether a request is one of those the fault is meant for.
bool matches(const Fault& fault, std::string_view verb, std::string_view target);

}  // namespace ferry::apiserver
