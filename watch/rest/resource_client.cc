#include "watch/rest/resource_client.h"

#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "watch/codec/status.h"
#include "watch/codec/stream_scanner.h"
#include "watch/rest/url.h"

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
using Parameters = std::vector<std::pair<std::string, std::string>>;

void add_selectors(Parameters& query, const Selection& selection, bool historical) {
  if (historical) {
    // The clients of 2014 sent both, empty or not.
    query.emplace_back("fields", selection.field_selector);
    query.emplace_back("labels", selection.label_selector);
    return;
  }
  if (!selection.label_selector.empty()) query.emplace_back("labelSelector", selection.label_selector);
  if (!selection.field_selector.empty()) query.emplace_back("fieldSelector", selection.field_selector);
}

std::string with_query(std::string path, const Parameters& query) {
  return query.empty() ? path : path + "?" + encode_query(query);
}

/// Decodes the items of a list as the scanner cuts them out.
template <class T>
class ItemDecoder final : public ListScanner::Sink {
 public:
  ItemDecoder(const WireFormat<T>& format, SkippedObjects& skipped, const typename ListerWatcher<T>::OnItem& on_item)
      : format_(format), skipped_(skipped), on_item_(on_item) {}

  void on_item(std::string_view json) override {
    auto decoded = format_.decode(json);
    if (!decoded.has_value()) {
      skipped_.skip(decoded.error());
      return;
    }
    if (!decoded.value().left_out.empty()) skipped_.leave_out(decoded.value().meta, decoded.value().left_out);
    on_item_(std::move(decoded).value());
  }
  void on_oversized_item(std::size_t bytes) override { skipped_.skip_oversized(bytes); }

 private:
  const WireFormat<T>& format_;
  SkippedObjects& skipped_;
  const typename ListerWatcher<T>::OnItem& on_item_;
};

std::optional<EventType> event_type(std::string_view type) {
  if (type == "ADDED") return EventType::kAdded;
  if (type == "MODIFIED") return EventType::kModified;
  if (type == "DELETED") return EventType::kDeleted;
  if (type == "BOOKMARK") return EventType::kBookmark;
  return std::nullopt;
}

/// Decodes the events of a watch as the scanner cuts them out.
template <class T>
class EventDecoder final : public WatchScanner::Sink {
 public:
  EventDecoder(const WireFormat<T>& format, SkippedObjects& skipped, const typename ListerWatcher<T>::OnEvent& on_event)
      : format_(format), skipped_(skipped), on_event_(on_event) {}

  void on_event(std::string_view type, std::string_view object) override {
    if (error_) return;
    if (type == "ERROR") {
      error_ = decode_status(500, object);
      return;
    }
    const auto known = event_type(type);
    if (!known) {
      error_ = ApiError::protocol("an event of the unknown type '" + std::string(type.substr(0, 32)) + "'");
    } else if (*known == EventType::kBookmark || *known == EventType::kDeleted) {
      hand_over_meta(*known, object);
    } else {
      hand_over_object(*known, object);
    }
  }
  void on_oversized_event(std::size_t bytes) override { skipped_.skip_oversized(bytes); }

  const std::optional<ApiError>& error() const { return error_; }
  /// The bookmark that marks the end of a WatchList's initial events came by.
  bool initial_events_ended() const { return initial_events_ended_; }

 private:
  void hand_over_object(EventType type, std::string_view json) {
    auto decoded = format_.decode(json);
    if (!decoded.has_value()) {
      skip(decoded.error());
      return;
    }
    if (!decoded.value().left_out.empty()) skipped_.leave_out(decoded.value().meta, decoded.value().left_out);
    on_event_(Event<T>{type, std::move(decoded.value().meta), std::move(decoded.value().value)});
  }

  void hand_over_meta(EventType type, std::string_view json) {
    auto decoded = format_.decode_meta(json);
    if (!decoded.has_value()) {
      skip(decoded.error());
      return;
    }
    initial_events_ended_ = initial_events_ended_ || decoded.value().initial_events_end;
    on_event_(Event<T>{type, std::move(decoded).value(), T{}});
  }

  /// The object is lost, its version is not: the watch must be able to pass it when it resumes.
  void skip(const DecodeError& error) {
    skipped_.skip(error);
    if (error.resource_version.empty()) return;
    Event<T> bookmark;
    bookmark.type = EventType::kBookmark;
    bookmark.meta.resource_version = error.resource_version;
    on_event_(std::move(bookmark));
  }

  const WireFormat<T>& format_;
  SkippedObjects& skipped_;
  const typename ListerWatcher<T>::OnEvent& on_event_;
  std::optional<ApiError> error_;
  bool initial_events_ended_ = false;
};

}  // namespace

template <class T>
std::string ResourceClient<T>::collection_path(bool watching) const {
  std::string path(format_.base_path);
  if (format_.historical) return path + (watching ? "/watch/" : "/") + std::string(format_.resource);
  if (!selection_.ns.empty()) path += "/namespaces/" + percent_encode(selection_.ns);
  return path + "/" + std::string(format_.resource);
}

template <class T>
asio::awaitable<Result<Decoded<T>>> ResourceClient<T>::get(config::NamespacedName name) {
  std::string path(format_.base_path);
  if (!format_.historical && !name.ns.empty()) path += "/namespaces/" + percent_encode(name.ns);
  path += "/" + std::string(format_.resource) + "/" + percent_encode(name.name);
  auto document = co_await rest_.get_document(std::move(path));
  if (!document.has_value()) co_return document.error();
  auto decoded = format_.decode(document.value());
  if (!decoded.has_value()) co_return ApiError::protocol(decoded.error().object + ": " + decoded.error().reason);
  co_return std::move(decoded).value();
}

template <class T>
asio::awaitable<Result<ListMeta>> ResourceClient<T>::list(ListOptions options, OnItem on_item) {
  Parameters query;
  add_selectors(query, selection_, format_.historical);
  if (!format_.historical) {
    if (options.limit > 0) query.emplace_back("limit", std::to_string(options.limit));
    if (!options.continue_token.empty()) query.emplace_back("continue", options.continue_token);
    if (!options.resource_version.empty()) query.emplace_back("resourceVersion", options.resource_version);
    if (options.not_older_than) query.emplace_back("resourceVersionMatch", "NotOlderThan");
  }
  ItemDecoder<T> decoder(format_, skipped_, on_item);
  ListScanner scanner(decoder);
  RestClient::OnBytes feed = [&scanner](std::string_view bytes) { return scanner.feed(bytes); };
  const auto read =
      co_await rest_.get(with_query(collection_path(false), query), RestClient::GetOptions{}, std::move(feed));
  if (!scanner.error().empty()) co_return ApiError::protocol("the list is not readable: " + scanner.error());
  if (!read.has_value()) co_return read.error();
  if (!scanner.complete()) co_return ApiError::protocol("the list is cut short");
  const ListEnvelope& envelope = scanner.envelope();
  if (!envelope.kind.ends_with("List")) {
    co_return ApiError::protocol("expected a list, got an object of the kind '" + envelope.kind + "'");
  }
  ListMeta meta;
  meta.resource_version = envelope.resource_version;
  meta.continue_token = envelope.continue_token;
  co_return meta;
}

template <class T>
asio::awaitable<Result<void>> ResourceClient<T>::watch(WatchOptions options, OnEvent on_event) {
  Parameters query;
  if (!format_.historical) {
    query.emplace_back("watch", "true");
    if (options.allow_bookmarks) query.emplace_back("allowWatchBookmarks", "true");
    if (options.send_initial_events) {
      query.emplace_back("sendInitialEvents", "true");
      query.emplace_back("resourceVersionMatch", "NotOlderThan");
    }
    if (options.timeout.count() > 0) query.emplace_back("timeoutSeconds", std::to_string(options.timeout.count()));
  }
  add_selectors(query, selection_, format_.historical);
  if (!options.resource_version.empty() || format_.historical) {
    query.emplace_back("resourceVersion", options.resource_version);
  }
  EventDecoder<T> decoder(format_, skipped_, on_event);
  WatchScanner scanner(decoder);
  bool unwanted = false;
  RestClient::OnBytes feed = [&](std::string_view bytes) {
    if (!scanner.feed(bytes) || decoder.error()) return false;
    unwanted = options.wanted && !options.wanted();
    return !unwanted;
  };
  RestClient::GetOptions get_options;
  get_options.compressed = false;
  get_options.read_timeout = [&options, &decoder] {
    const bool initial = options.send_initial_events && !decoder.initial_events_ended();
    return initial ? options.initial_stall_deadline : options.stall_deadline;
  };
  const auto read = co_await rest_.get(with_query(collection_path(true), query), get_options, std::move(feed));
  if (decoder.error()) co_return *decoder.error();
  if (unwanted) co_return Result<void>();
  if (!scanner.error().empty()) co_return ApiError::protocol("the watch is not readable: " + scanner.error());
  if (!read.has_value()) co_return read.error();
  if (!scanner.at_boundary()) co_return ApiError::protocol("the watch ended in the middle of an event");
  co_return Result<void>();
}

template class ResourceClient<config::Service>;
template class ResourceClient<config::EndpointSlice>;
template class ResourceClient<config::Node>;
template class ResourceClient<config::ServiceCidr>;

asio::awaitable<Result<bool>> has_resource(RestClient& rest, std::string api_version, std::string resource) {
  const bool core = api_version.find('/') == std::string::npos;
  const auto document = co_await rest.get_document((core ? "/api/" : "/apis/") + api_version);
  if (!document.has_value()) {
    if (document.error().is_not_found()) co_return false;
    co_return document.error();
  }
  const auto parsed = nlohmann::json::parse(document.value(), nullptr, false);
  const auto resources = parsed.is_object() ? parsed.find("resources") : parsed.end();
  if (parsed.is_discarded() || resources == parsed.end() || !resources->is_array()) {
    co_return ApiError::protocol("the discovery document of " + api_version + " is not readable");
  }
  for (const auto& entry : *resources) {
    if (entry.is_object() && entry.value("name", nlohmann::json()) == resource) co_return true;
  }
  co_return false;
}

}  // namespace ferry::watch
