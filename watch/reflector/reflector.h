#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <spdlog/spdlog.h>

#include "config/service_port_name.h"
#include "watch/reflector/lister_watcher.h"
#include "watch/reflector/reflector_monitor.h"
#include "watch/reflector/reflector_state.h"
#include "watch/wait/backoff.h"
#include "watch/wait/clock.h"
#include "watch/wait/wait.h"

namespace ferry::watch {

/// Who is told what a collection holds.
template <class T>
class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  /// The collection is exactly this now.
  virtual void replace(std::vector<T> objects) = 0;
  virtual void add(T object) = 0;
  virtual void remove(const config::NamespacedName& name) = 0;
};

struct ReflectorOptions {
  /// Ask for the first list as part of the watch where the server can do that.
  bool watch_list = true;
  /// timeoutSeconds is drawn from this and twice this, so that watches do not end all at once.
  std::chrono::seconds shortest_watch = std::chrono::minutes(5);
  /// A watch that brings nothing for so long, not even a bookmark (there is one a minute), is given up.
  std::chrono::milliseconds stall_deadline = std::chrono::minutes(3);
  /// The same before the initial events of a WatchList are complete.
  std::chrono::milliseconds initial_stall_deadline = std::chrono::seconds(15);
};

/// Keeps one collection of the API server reflected in a sink: lists it, hands it over whole, then hands over each
/// change in the server's order. A watch that ends resumes after the last version seen; a version too old (410 Gone)
/// lists again. Failures never reach the sink: it keeps its last state.
template <class T>
class Reflector {
 public:
  /// All references outlive the reflector.
  Reflector(ListerWatcher<T>& server, ReflectorSink<T>& sink, Clock& clock, ReflectorMonitor& monitor,
            ReflectorOptions options = {})
      : server_(server),
        sink_(sink),
        clock_(clock),
        monitor_(monitor),
        options_(options),
        state_(options.watch_list),
        backoff_(clock) {}

  /// Runs until it is cancelled (kind kCancelled), or until the server says that it does not have the collection or
  /// does not understand the selection (404 or 400 to a list): that error is returned.
  boost::asio::awaitable<ApiError> run() {
    ReflectorState::Next next = state_.begin();
    for (;;) {
      if (next.step == ReflectorState::Step::kGiveUp) co_return last_error_;
      if (next.pause == ReflectorState::Pause::kBackoff) {
        Clock::Duration pause = backoff_.next();
        if (next.retry_after) pause = std::max<Clock::Duration>(pause, jitter(clock_, *next.retry_after, 0.5));
        co_await clock_.sleep(pause);
      }
      switch (next.step) {
        case ReflectorState::Step::kList:
          next = co_await list();
          break;
        case ReflectorState::Step::kWatchList:
          next = co_await watch(true);
          break;
        case ReflectorState::Step::kCheckVersion:
          next = co_await check_version();
          break;
        case ReflectorState::Step::kWatch:
          next = co_await watch(false);
          break;
        case ReflectorState::Step::kGiveUp:
          break;
      }
      if (last_error_.kind == ApiError::Kind::kCancelled) co_return last_error_;
    }
  }

 private:
  boost::asio::awaitable<ReflectorState::Next> list() {
    std::vector<T> objects;
    ListOptions options;
    options.resource_version = state_.list_version();
    options.limit = state_.page_limit();
    ListMeta meta;
    do {
      typename ListerWatcher<T>::OnItem keep = [&objects](Decoded<T> item) {
        objects.push_back(std::move(item.value));
      };
      const auto page = co_await server_.list(options, std::move(keep));
      if (!page.has_value()) {
        note_failure(page.error(), "list");
        // A token that has expired meanwhile starts the list over, whole.
        if (page.error().is_gone() && !options.continue_token.empty()) {
          options.continue_token.clear();
          options.limit = 0;
          objects.clear();
          meta.continue_token = "again";
          continue;
        }
        co_return state_.on_list_failed(page.error());
      }
      meta = page.value();
      options.continue_token = meta.continue_token;
      // Only the first page asks for a version; the token carries it on.
      if (!meta.continue_token.empty()) options.resource_version.clear();
    } while (!meta.continue_token.empty());
    hand_over(std::move(objects), meta.resource_version);
    co_return state_.on_listed(meta.resource_version);
  }

  boost::asio::awaitable<ReflectorState::Next> check_version() {
    ListOptions options;
    options.resource_version = state_.watch_version();
    options.not_older_than = true;
    options.limit = 1;
    typename ListerWatcher<T>::OnItem ignore = [](const Decoded<T>&) {};
    const auto page = co_await server_.list(options, std::move(ignore));
    if (page.has_value()) {
      note_success();
      co_return state_.on_version_checked();
    }
    note_failure(page.error(), "version check");
    co_return state_.on_version_check_failed(page.error());
  }

  /// `initial`: as a WatchList, whose first events are the collection.
  boost::asio::awaitable<ReflectorState::Next> watch(bool initial) {
    WatchOptions options;
    options.resource_version = initial ? state_.list_version() : state_.watch_version();
    options.send_initial_events = initial;
    options.timeout = watch_timeout();
    options.stall_deadline = initial ? options_.initial_stall_deadline : options_.stall_deadline;
    Session session;
    session.collecting = initial;
    const Clock::TimePoint start = clock_.now();
    monitor_.watch_opens();
    typename ListerWatcher<T>::OnEvent hear = [this, &session](Event<T> event) { on_event(session, std::move(event)); };
    const auto ended = co_await server_.watch(options, std::move(hear));
    monitor_.watch_ended();

    ReflectorState::WatchEnd end;
    end.lasted = clock_.now() - start;
    end.events = session.events;
    if (!ended.has_value()) {
      end.error = ended.error();
      note_failure(ended.error(), initial && session.collecting ? "watch-list" : "watch");
    }
    co_return session.collecting ? state_.on_watch_list_failed(end) : state_.on_watch_ended(end);
  }

  /// One watch request.
  struct Session {
    bool collecting = false;
    std::size_t events = 0;
    std::unordered_map<config::NamespacedName, T> collected;
  };

  void on_event(Session& session, Event<T> event) {
    ++session.events;
    monitor_.heard(event.type, session.collecting ? std::string() : event.meta.resource_version);
    if (session.collecting) {
      collect(session, std::move(event));
      return;
    }
    state_.on_event(event.type, event.meta);
    note_success();
    switch (event.type) {
      case EventType::kAdded:
      case EventType::kModified:
        sink_.add(std::move(event.value));
        break;
      case EventType::kDeleted:
        sink_.remove(event.meta.name);
        break;
      case EventType::kBookmark:
        break;
    }
  }

  void collect(Session& session, Event<T> event) {
    switch (event.type) {
      case EventType::kAdded:
      case EventType::kModified:
        session.collected.insert_or_assign(std::move(event.meta.name), std::move(event.value));
        break;
      case EventType::kDeleted:
        session.collected.erase(event.meta.name);
        break;
      case EventType::kBookmark:
        if (event.meta.initial_events_end) end_collecting(session, event.meta.resource_version);
        break;
    }
  }

  void end_collecting(Session& session, const std::string& resource_version) {
    std::vector<T> objects;
    objects.reserve(session.collected.size());
    for (auto& [name, object] : session.collected) objects.push_back(std::move(object));
    session.collected = {};
    session.collecting = false;
    state_.on_initial_events_end(resource_version);
    hand_over(std::move(objects), resource_version);
  }

  void hand_over(std::vector<T> objects, const std::string& resource_version) {
    monitor_.listed(resource_version);
    note_success();
    sink_.replace(std::move(objects));
  }

  std::chrono::seconds watch_timeout() {
    return std::chrono::duration_cast<std::chrono::seconds>(jitter(clock_, options_.shortest_watch, 1.0));
  }

  /// Logs the first of a row of failures; the metrics count them all.
  void note_failure(const ApiError& error, const char* doing) {
    last_error_ = error;
    if (error.kind == ApiError::Kind::kCancelled) return;
    monitor_.failed(error);
    const std::string resource = monitor_.status().resource;
    const bool first = !failing_;
    failing_ = true;
    spdlog::log(first ? spdlog::level::warn : spdlog::level::debug,
                "{} of {} failed: {}; the last known state serves on", doing, resource, error.to_string());
  }

  void note_success() {
    if (!std::exchange(failing_, false)) return;
    spdlog::info("{}: in step with the API server again", monitor_.status().resource);
  }

  ListerWatcher<T>& server_;
  ReflectorSink<T>& sink_;
  Clock& clock_;
  ReflectorMonitor& monitor_;
  ReflectorOptions options_;
  ReflectorState state_;
  Backoff backoff_;
  ApiError last_error_;
  bool failing_ = false;
};

}  // namespace ferry::watch
