#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <list>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "tests/support/run.h"
#include "tests/watch/reflector/errors.h"
#include "tests/watch/reflector/scripted_collection.h"
#include "watch/reflector/reflector.h"

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace ferry::testing;

constexpr std::size_t kReflectors = 500;

/// Virtual time; the same random numbers in each run, or always 0: as if there were no jitter.
class HerdClock final : public Clock {
 public:
  HerdClock(FakeClock& time, bool jitter) : time_(time), jitter_(jitter) {}
  TimePoint now() const override { return time_.now(); }
  asio::awaitable<void> sleep(Duration duration) override { return time_.sleep(duration); }
  double random() override { return jitter_ ? std::uniform_real_distribution(0.0, 1.0)(generator_) : 0.0; }

 private:
  FakeClock& time_;
  bool jitter_;
  std::mt19937_64 generator_{20260101};
};

/// What all reflectors of a test have to do with: it may be away, and back with a version it has gone back to.
class HerdServer {
 public:
  explicit HerdServer(Clock& clock) : clock_(clock) {}

  /// Every watch ends like that.
  void end_watches(const ApiError& error) {
    end_ = error;
    for (asio::steady_timer* timer : watches_) timer->cancel();
  }
  void be_away(bool away) { away_ = away; }
  void go_back_to(int version) { version_ = version; }

  std::size_t watches() const { return watches_.size(); }
  /// When the collection was asked for whole.
  std::vector<Clock::TimePoint>& lists() { return lists_; }

  asio::awaitable<Result<ListMeta>> list(ListOptions options) {
    if (away_) co_return refused();
    if (options.not_older_than && std::stoi(options.resource_version) > version_) co_return too_large();
    if (!options.not_older_than) lists_.push_back(clock_.now());
    co_return ListMeta{std::to_string(version_), {}};
  }

  asio::awaitable<Result<void>> watch(WatchOptions options, ListerWatcher<Thing>::OnEvent on_event) {
    if (away_) co_return refused();
    if (options.send_initial_events) {
      lists_.push_back(clock_.now());
      on_event(initial_end(std::to_string(version_)));
    }
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
    const auto place = watches_.insert(watches_.end(), &timer);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    watches_.erase(place);
    co_return end_;
  }

 private:
  Clock& clock_;
  bool away_ = false;
  int version_ = 900;
  ApiError end_ = broken();
  std::list<asio::steady_timer*> watches_;
  std::vector<Clock::TimePoint> lists_;
};

/// The server as one reflector has it.
class HerdCollection final : public ListerWatcher<Thing> {
 public:
  explicit HerdCollection(HerdServer& server) : server_(server) {}
  asio::awaitable<Result<ListMeta>> list(ListOptions options, OnItem /*on_item*/) override {
    return server_.list(std::move(options));
  }
  asio::awaitable<Result<void>> watch(WatchOptions options, OnEvent on_event) override {
    return server_.watch(std::move(options), std::move(on_event));
  }

 private:
  HerdServer& server_;
};

class NobodyListens final : public ReflectorSink<Thing> {
 public:
  void replace(std::vector<Thing> /*things*/) override {}
  void add(Thing /*thing*/) override {}
  void remove(const config::NamespacedName& /*name*/) override {}
};

/// As many reflectors as a cluster has nodes, all of which watch the same server.
class Herd {
 public:
  explicit Herd(bool jitter = true) : clock_(time_, jitter) {
    for (std::size_t i = 0; i < kReflectors; ++i) {
      reflectors_.emplace_back(collection_, sink_, clock_, monitor_);
      const auto done = [](const std::exception_ptr& /*cancelled*/, const ApiError& /*error*/) {};
      asio::co_spawn(context_, reflectors_.back().run(),
                     asio::bind_cancellation_slot(stops_.emplace_back().slot(), done));
    }
    run_until_all_watch();
    time_.advance(1min);
    server_.lists().clear();
  }
  ~Herd() {
    for (asio::cancellation_signal& stop : stops_) stop.emit(asio::cancellation_type::terminal);
    EXPECT_TRUE(is_idle(context_));
  }
  Herd(const Herd&) = delete;
  Herd& operator=(const Herd&) = delete;

  /// All watches end, and nobody answers for so long; then the server is there, and as it was at a lower version.
  void restart(Clock::Duration away) {
    server_.go_back_to(5);
    server_.be_away(away > 0s);
    server_.end_watches(broken());
    if (away > 0s) asio::co_spawn(context_, come_back(away), [](const std::exception_ptr& /*none*/) {});
    run_until_all_list();
  }
  /// All watches end because their version is too old.
  void compact() {
    server_.end_watches(gone());
    run_until_all_list();
  }

  /// The most lists within a tenth of a second.
  std::size_t peak() {
    std::vector<Clock::TimePoint>& lists = server_.lists();
    std::sort(lists.begin(), lists.end());
    std::size_t most = 0;
    for (auto first = lists.begin(), last = lists.begin(); last != lists.end(); ++last) {
      while (*last - *first > 100ms) ++first;
      most = std::max(most, static_cast<std::size_t>(last - first) + 1);
    }
    return most;
  }
  std::size_t lists() { return server_.lists().size(); }

 private:
  asio::awaitable<void> come_back(Clock::Duration away) {
    co_await clock_.sleep(away);
    server_.be_away(false);
  }
  void run_until_all_watch() {
    run_in_virtual_time(context_, time_, [this] { return server_.watches() == kReflectors; });
  }
  void run_until_all_list() {
    run_in_virtual_time(context_, time_,
                        [this] { return server_.lists().size() >= kReflectors && server_.watches() == kReflectors; });
  }

  asio::io_context context_;
  FakeClock time_;
  HerdClock clock_;
  HerdServer server_{clock_};
  HerdCollection collection_{server_};
  NobodyListens sink_;
  ReflectorMonitor monitor_{"things"};
  std::deque<Reflector<Thing>> reflectors_;
  std::deque<asio::cancellation_signal> stops_;
};

/// The shortest pause is between 800 and 1,600 ms: a tenth of a second has an eighth of them, and by chance half as
/// many again.
constexpr std::size_t kBound = kReflectors / 8 * 3 / 2;

TEST(Herd, ARestartHasEachListOnceAndNeverMoreAtATimeThanTheJitterAllows) {
  for (const auto& away : {0ms, 100ms, 1000ms, 5000ms, 60000ms}) {
    Herd herd;
    herd.restart(away);
    EXPECT_EQ(herd.lists(), kReflectors) << "away for " << away.count() << " ms";
    EXPECT_LE(herd.peak(), kBound) << "away for " << away.count() << " ms";
  }
}

TEST(Herd, AVersionThatIsTooOldForAllHasThemListOneAfterTheOther) {
  Herd herd;
  herd.compact();
  EXPECT_EQ(herd.lists(), kReflectors);
  EXPECT_LE(herd.peak(), kBound);
}

TEST(Herd, WithoutJitterAllWouldListAtOnce) {
  Herd herd(false);
  herd.restart(1s);
  EXPECT_EQ(herd.peak(), kReflectors);
}

}  // namespace
}  // namespace ferry::watch
