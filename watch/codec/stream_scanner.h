#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ferry::watch {

/// No single object may be larger. A larger one is skipped, whole, without being held.
inline constexpr std::size_t kMaxObjectBytes = std::size_t{4} << 20;

/// What a list says beside its items.
struct ListEnvelope {
  std::string kind;
  std::string resource_version;
  /// Non-empty: there are more pages.
  std::string continue_token;
};

/// Cuts a list document (`{"kind":…,"metadata":{…},"items":[…]}`, fields in any order) into its items as the bytes come
/// in. Holds one item at most, and no field but those of the envelope. A push parser: feed it any cut of the document.
/// The historical lists, whose resourceVersion is a number at the top, read the same way. An item is cut out by its
/// brackets: one that is not JSON inside them, or nests deep, is the decoder's to refuse, and the list goes on.
class ListScanner {
 public:
  /// Who is told. Calls come from inside feed(); the text is valid only during the call.
  class Sink {
   public:
    virtual ~Sink() = default;
    /// One element of items[], as its JSON text.
    virtual void on_item(std::string_view json) = 0;
    /// An element was larger than kMaxObjectBytes and was skipped.
    virtual void on_oversized_item(std::size_t bytes) = 0;
  };

  explicit ListScanner(Sink& sink);
  ~ListScanner();
  ListScanner(ListScanner&&) noexcept;

  /// Takes the next bytes. False: the document is not JSON, or its envelope is no list's; error() says why and at which
  /// byte, and nothing more is taken.
  bool feed(std::string_view bytes);
  /// True once the document's closing brace was seen; only then does the list count. A Status in a list's place has a
  /// kind of its own and no items.
  bool complete() const;
  const ListEnvelope& envelope() const;
  const std::string& error() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Cuts a watch stream into its events: one JSON object each, told apart by their braces, whatever white space stands
/// between them. Holds one event at most.
class WatchScanner {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    /// One event. `type` is ADDED, MODIFIED, DELETED, BOOKMARK, ERROR or what the server wrote; `object` is the JSON
    /// text of its object ("null" when absent). Field names are read without regard to case (the API of 2014 wrote Type
    /// and Object). A type that is no string is handed over as "".
    virtual void on_event(std::string_view type, std::string_view object) = 0;
    /// An event was larger than the bound and was skipped.
    virtual void on_oversized_event(std::size_t bytes) = 0;
  };

  explicit WatchScanner(Sink& sink);
  ~WatchScanner();
  WatchScanner(WatchScanner&&) noexcept;

  /// As ListScanner::feed.
  bool feed(std::string_view bytes);
  /// True between events: the stream may end here without loss. False: half an event was cut off.
  bool at_boundary() const;
  const std::string& error() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferry::watch
