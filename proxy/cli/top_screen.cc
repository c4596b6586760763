#include "proxy/cli/top_screen.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>

#include "proxy/cli/admin_client.h"
#include "proxy/cli/http_conversation.h"
#include "proxy/cli/top_view.h"

namespace ferry::cli {

namespace {

namespace asio = boost::asio;

/// How long an escape may be the beginning of a longer sequence. A terminal sends those at once; this much a slow
/// connection may put between.
constexpr std::chrono::milliseconds kEscapeTime{50};
constexpr int kSignalled = 128;

}  // namespace

TopScreen::TopScreen(const TopOptions& options, int keys, int output)
    : socket_(options.socket),
      interval_(options.interval),
      keys_(loop_, keys),
      signals_(loop_, SIGINT, SIGTERM, SIGHUP),
      next_ask_(loop_),
      escape_(loop_),
      screen_(keys, output),
      model_(options.sort, options.namespace_name) {
  signals_.add(SIGWINCH);
  signals_.add(SIGCONT);
}

int TopScreen::run() {
  take_size();
  start(keep_asking());
  start(read_keys());
  start(watch_signals());
  loop_.run();
  if (failure_) std::rethrow_exception(failure_);
  return exit_code_;
}

void TopScreen::start(asio::awaitable<void> task) {
  asio::co_spawn(loop_, std::move(task), [this](std::exception_ptr error) {
    if (!error) return;
    failure_ = std::move(error);
    loop_.stop();
  });
}

asio::awaitable<void> TopScreen::keep_asking() {
  while (true) {
    ask_again_ = false;
    const std::string target = model_.target();
    const Answer status = co_await ask(socket_, "/api/status");
    Answer view = Json();
    if (std::holds_alternative<Json>(status)) view = co_await ask(socket_, target);
    const bool answered = std::holds_alternative<Json>(status);
    const TopModel::Wish wish = model_.take(target, status, view);
    if (answered && wish == TopModel::Wish::kAsk) ask_again_ = true;
    act(TopModel::Wish::kDraw);
    if (ask_again_ && answered) continue;
    next_ask_.expires_after(interval_);
    co_await next_ask_.async_wait(kAsTuple);
    while (model_.state().paused && !ask_again_) {
      next_ask_.expires_at(asio::steady_timer::time_point::max());
      co_await next_ask_.async_wait(kAsTuple);
    }
  }
}

asio::awaitable<void> TopScreen::read_keys() {
  std::array<char, 256> bytes{};
  while (true) {
    const auto [error, count] = co_await keys_.async_read_some(asio::buffer(bytes), kAsTuple);
    if (error) {
      // The terminal is gone.
      end(kSignalled + SIGHUP);
      co_return;
    }
    press(decoder_.feed(std::string_view(bytes.data(), count)));
    escape_.cancel();
    if (decoder_.waiting()) start(await_escape());
  }
}

asio::awaitable<void> TopScreen::await_escape() {
  escape_.expires_after(kEscapeTime);
  const auto [cancelled] = co_await escape_.async_wait(kAsTuple);
  if (!cancelled) press(decoder_.flush());
}

asio::awaitable<void> TopScreen::watch_signals() {
  while (true) {
    const auto [error, number] = co_await signals_.async_wait(kAsTuple);
    if (error) co_return;
    if (number == SIGWINCH || number == SIGCONT) {
      take_size();
    } else {
      end(kSignalled + number);
    }
  }
}

void TopScreen::press(const std::vector<KeyPress>& keys) {
  for (const KeyPress key : keys) act(model_.press(key));
}

void TopScreen::act(TopModel::Wish wish) {
  switch (wish) {
    case TopModel::Wish::kNothing:
      return;
    case TopModel::Wish::kAsk:
      ask_again_ = true;
      next_ask_.cancel();
      break;
    case TopModel::Wish::kDraw:
      break;
    case TopModel::Wish::kSuspend:
      suspend();
      return;
    case TopModel::Wish::kQuit:
      end(EXIT_SUCCESS);
      return;
  }
  screen_.show(render(model_.state()));
}

void TopScreen::take_size() {
  const Screen::Size size = screen_.size();
  act(model_.resize(size.columns, size.rows));
}

void TopScreen::suspend() {
  screen_.leave();
  // Returns when the shell has brought this process back to the foreground; at once where there is no shell that could,
  // as the kernel then ignores this signal (POSIX on orphaned process groups), but not SIGSTOP.
  std::raise(SIGTSTP);
  screen_.enter();
  take_size();
}

void TopScreen::end(int exit_code) {
  exit_code_ = exit_code;
  loop_.stop();
}

}  // namespace ferry::cli
