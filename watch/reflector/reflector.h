#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "config/service_port_name.h"
#include "watch/reflector/initial_events.h"
#include "watch/reflector/list_pages.h"
#include "watch/reflector/lister_watcher.h"
#include "watch/reflector/reflector_monitor.h"
#include "watch/reflector/reflector_options.h"
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

/// Keeps one collection of the API server reflected in a sink: lists it, hands it over whole, then hands over each
/// change in the server's order. A watch that ends resumes after the last version seen; a version too old (410 Gone)
/// lists again. Failures never reach the sink: it keeps its last state. What to do next is ReflectorState's to decide;
/// this does it.
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
        state_(options.server),
        backoff_(clock) {}

  /// Runs until it is cancelled, which throws system_error(operation_aborted) or returns an error of kind kCancelled;
  /// or until the server says that it does not have the collection or does not understand the selection (404 or 400 to
  /// a list): that error is returned.
  boost::asio::awaitable<ApiError> run() {
    ReflectorState::Next next = state_.begin();
    while (next.step != ReflectorState::Step::kGiveUp) {
      if (next.pause == ReflectorState::Pause::kBackoff) co_await clock_.sleep(pause_before(next));
      switch (next.step) {
        case ReflectorState::Step::kList:
          next = co_await list();
          break;
        case ReflectorState::Step::kWatchList:
          next = co_await watch_list();
          break;
        case ReflectorState::Step::kCheckVersion:
          next = co_await check_version(next.pause);
          break;
        case ReflectorState::Step::kWatch:
          next = co_await watch();
          break;
        case ReflectorState::Step::kGiveUp:
          break;
      }
      if (last_error_.kind == ApiError::Kind::kCancelled) co_return last_error_;
    }
    co_return last_error_;
  }

 private:
  using OnEvent = typename ListerWatcher<T>::OnEvent;

  boost::asio::awaitable<ReflectorState::Next> list() {
    ListOptions options;
    options.resource_version = state_.list_version();
    options.limit = state_.page_limit();
    auto listed = co_await list_pages(server_, options);
    if (!listed.has_value()) {
      note_failure("list", listed.error());
      co_return state_.on_list_failed(listed.error());
    }
    const std::string version = std::move(listed.value().resource_version);
    hand_over(std::move(listed.value().objects), version);
    co_return state_.on_listed(version);
  }

  /// `before`: the pause made before it.
  boost::asio::awaitable<ReflectorState::Next> check_version(ReflectorState::Pause before) {
    ListOptions options;
    options.resource_version = state_.watch_version();
    options.not_older_than = true;
    options.limit = 1;
    typename ListerWatcher<T>::OnItem ignore = [](const Decoded<T>&) {};
    const auto page = co_await server_.list(options, std::move(ignore));
    if (!page.has_value()) {
      note_failure("version check", page.error());
      co_return state_.on_version_check_failed(page.error(), before);
    }
    monitor_.succeeded();
    co_return state_.on_version_checked();
  }

  boost::asio::awaitable<ReflectorState::Next> watch() {
    WatchOptions options;
    options.resource_version = state_.watch_version();
    options.timeout = watch_timeout();
    options.stall_deadline = options_.stall_deadline;
    ReflectorState::WatchEnd end;
    OnEvent hear = [this, &end](Event<T> event) {
      ++end.events;
      follow(std::move(event));
    };
    co_await watch_until_end(std::move(options), std::move(hear), end);
    if (end.error) note_failure("watch", *end.error);
    co_return state_.on_watch_ended(end);
  }

  boost::asio::awaitable<ReflectorState::Next> watch_list() {
    const Clock::TimePoint deadline = clock_.now() + options_.initial_deadline;
    std::optional<InitialEvents<T>> initial(std::in_place);
    WatchOptions options;
    options.resource_version = state_.list_version();
    options.send_initial_events = true;
    options.timeout = watch_timeout();
    options.stall_deadline = options_.stall_deadline;
    options.initial_stall_deadline = options_.initial_stall_deadline;
    options.wanted = [this, deadline, &initial] { return !initial || clock_.now() < deadline; };
    ReflectorState::WatchEnd end;
    OnEvent hear = [this, &initial, &end](Event<T> event) {
      ++end.events;
      if (!initial) {
        follow(std::move(event));
        return;
      }
      monitor_.heard(event.type, {});
      const std::string version = event.meta.resource_version;
      if (!initial->take(std::move(event))) return;
      state_.on_initial_events_end(version);
      hand_over(std::move(*initial).objects(), version);
      initial.reset();
    };
    co_await watch_until_end(std::move(options), std::move(hear), end);
    if (!initial) {
      if (end.error) note_failure("watch", *end.error);
      co_return state_.on_watch_ended(end);
    }
    const ReflectorState::Next next = state_.on_watch_list_failed(end);
    // A server without WatchList is listed without delay, and nothing is amiss.
    if (end.error && next.pause != ReflectorState::Pause::kNone) note_failure("watch-list", *end.error);
    co_return next;
  }

  /// `end` outlives the watch; its events are counted by `hear`.
  boost::asio::awaitable<void> watch_until_end(WatchOptions options, OnEvent hear, ReflectorState::WatchEnd& end) {
    const Clock::TimePoint start = clock_.now();
    end.asked = options.timeout;
    monitor_.watch_opens();
    // NOLINTNEXTLINE(bugprone-use-after-move): clang-tidy 14 takes a co_await for a loop.
    const auto ended = co_await server_.watch(std::move(options), std::move(hear));
    monitor_.watch_ended();
    end.lasted = clock_.now() - start;
    if (!ended.has_value()) end.error = ended.error();
  }

  void follow(Event<T> event) {
    monitor_.heard(event.type, event.meta.resource_version);
    state_.on_event(event.type, event.meta);
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

  void hand_over(std::vector<T> objects, const std::string& resource_version) {
    monitor_.listed(resource_version, objects.size());
    sink_.replace(std::move(objects));
  }

  std::chrono::seconds watch_timeout() {
    return std::chrono::duration_cast<std::chrono::seconds>(jitter(clock_, options_.shortest_watch, 1.0));
  }

  Clock::Duration pause_before(const ReflectorState::Next& next) {
    const Clock::Duration pause = backoff_.next();
    if (!next.retry_after) return pause;
    return std::max(pause, jitter(clock_, std::min(*next.retry_after, options_.longest_retry_after), 0.5));
  }

  void note_failure(const char* doing, const ApiError& error) {
    last_error_ = error;
    if (error.kind != ApiError::Kind::kCancelled) monitor_.failed(doing, error);
  }

  ListerWatcher<T>& server_;
  ReflectorSink<T>& sink_;
  Clock& clock_;
  ReflectorMonitor& monitor_;
  ReflectorOptions options_;
  ReflectorState state_;
  Backoff backoff_;
  ApiError last_error_;
};

}  // namespace ferry::watch
