#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/support/fake_clock.h"
#include "watch/reflector/reflector.h"

namespace ferry::testing {

/// An object of a collection that exists in tests alone.
struct Thing {
  std::string name;
  int value = 0;
};

inline std::string text(const Thing& thing) { return thing.name + "=" + std::to_string(thing.value); }

/// What was asked and what was told, line by line, in one order.
using Journal = std::vector<std::string>;

/// One answer of a scripted server.
struct Answer {
  std::vector<Thing> items;
  watch::ListMeta meta;
  std::vector<watch::Event<Thing>> events;
  /// How long each event, and the end, lets wait for itself.
  watch::Clock::Duration pace{};
  watch::Result<void> end;
  /// Says nothing, for ever.
  bool hangs = false;
};

inline Answer a_list(std::string version, std::vector<Thing> items, std::string continue_token = {}) {
  Answer answer;
  answer.items = std::move(items);
  answer.meta = {std::move(version), std::move(continue_token)};
  return answer;
}

inline Answer a_watch(std::vector<watch::Event<Thing>> events, watch::Result<void> end = {}) {
  Answer answer;
  answer.events = std::move(events);
  answer.end = std::move(end);
  answer.pace = std::chrono::seconds(10);
  return answer;
}

inline Answer a_failure(watch::ApiError error) {
  Answer answer;
  answer.end = std::move(error);
  return answer;
}

inline Answer nothing_ever() {
  Answer answer;
  answer.hangs = true;
  return answer;
}

inline watch::Event<Thing> event(watch::EventType type, std::string version, Thing thing = {}) {
  watch::Event<Thing> event;
  event.type = type;
  event.meta.name = {"ns", thing.name};
  event.meta.resource_version = std::move(version);
  event.value = std::move(thing);
  return event;
}

inline watch::Event<Thing> added(std::string version, Thing thing) {
  return event(watch::EventType::kAdded, std::move(version), std::move(thing));
}
inline watch::Event<Thing> modified(std::string version, Thing thing) {
  return event(watch::EventType::kModified, std::move(version), std::move(thing));
}
inline watch::Event<Thing> deleted(std::string version, std::string name) {
  return event(watch::EventType::kDeleted, std::move(version), {std::move(name), 0});
}
inline watch::Event<Thing> bookmark(std::string version) {
  return event(watch::EventType::kBookmark, std::move(version));
}
/// The bookmark that ends the initial events of a WatchList.
inline watch::Event<Thing> initial_end(std::string version) {
  auto end = bookmark(std::move(version));
  end.meta.initial_events_end = true;
  return end;
}

/// A server that gives its answers in the order told, whatever it is asked, and writes down what that was. When it has
/// none left it hangs. Time passes only as far as the answers take.
class ScriptedCollection final : public watch::ListerWatcher<Thing> {
 public:
  ScriptedCollection(FakeClock& clock, Journal& journal) : clock_(clock), journal_(journal) {}

  void answers(std::vector<Answer> answers) {
    for (Answer& answer : answers) answers_.push_back(std::move(answer));
  }
  /// It was asked for more than it had to tell.
  bool hangs() const { return hanging_ > 0; }

  boost::asio::awaitable<watch::Result<watch::ListMeta>> list(watch::ListOptions options, OnItem on_item) override {
    std::string asked = options.not_older_than ? "check" : "list";
    if (!options.continue_token.empty()) asked += " continue=" + options.continue_token;
    asked += " version='" + options.resource_version + "'";
    if (options.limit > 0) asked += " limit=" + std::to_string(options.limit);
    journal_.push_back(std::move(asked));
    const Answer answer = next();
    if (answer.hangs) co_await hang();
    for (const Thing& thing : answer.items) on_item({{{"ns", thing.name}, {}, false}, thing, {}});
    if (answer.end.has_error()) co_return answer.end.error();
    co_return answer.meta;
  }

  boost::asio::awaitable<watch::Result<void>> watch(watch::WatchOptions options, OnEvent on_event) override {
    journal_.push_back((options.send_initial_events ? "watch-list version='" : "watch version='") +
                       options.resource_version + "'");
    watches_.push_back(options);
    Answer answer = next();
    for (watch::Event<Thing>& event : answer.events) {
      clock_.advance(answer.pace);
      on_event(std::move(event));
      if (options.wanted && !options.wanted()) co_return watch::Result<void>();
    }
    if (answer.hangs) co_await hang();
    clock_.advance(answer.pace);
    co_return answer.end;
  }

  /// How each watch was asked for.
  const std::vector<watch::WatchOptions>& watches() const { return watches_; }

 private:
  Answer next() {
    if (answers_.empty()) return nothing_ever();
    Answer answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  boost::asio::awaitable<void> hang() {
    ++hanging_;
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer(executor, boost::asio::steady_timer::time_point::max());
    co_await timer.async_wait(boost::asio::use_awaitable);
  }

  FakeClock& clock_;
  Journal& journal_;
  std::deque<Answer> answers_;
  std::vector<watch::WatchOptions> watches_;
  int hanging_ = 0;
};

/// Writes down what it is told.
class JournalSink final : public watch::ReflectorSink<Thing> {
 public:
  explicit JournalSink(Journal& journal) : journal_(journal) {}

  void replace(std::vector<Thing> things) override {
    std::sort(things.begin(), things.end(), [](const Thing& a, const Thing& b) { return a.name < b.name; });
    std::string told = "  replace";
    for (const Thing& thing : things) told += " " + text(thing);
    journal_.push_back(std::move(told));
  }
  void add(Thing thing) override { journal_.push_back("  add " + text(thing)); }
  void remove(const config::NamespacedName& name) override { journal_.push_back("  remove " + name.name); }

 private:
  Journal& journal_;
};

}  // namespace ferry::testing
