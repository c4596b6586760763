#pragma once

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/run.h"
#include "tests/watch/reflector/errors.h"
#include "tests/watch/reflector/scripted_collection.h"
#include "watch/reflector/reflector.h"

namespace ferry::testing {

/// A reflector between a scripted server and a journal, in virtual time.
class ReflectorFixture : public ::testing::Test {
 protected:
  void TearDown() override {
    stop();
    EXPECT_TRUE(is_idle(context_)) << "something still runs";
    EXPECT_EQ(clock_.sleepers(), 0U);
  }

  /// Plays the answers to the end, or until the reflector ends, and returns what was asked and told meanwhile.
  Journal play(std::vector<Answer> answers, watch::ReflectorOptions options = {}) {
    journal_.clear();
    server_.answers(std::move(answers));
    if (!reflector_) start(options);
    run_in_virtual_time(context_, clock_, [this] { return server_.hangs() || ended_; });
    return journal_;
  }

  void start(watch::ReflectorOptions options) {
    reflector_.emplace(server_, sink_, clock_, monitor_, options);
    const auto done = [this](const std::exception_ptr& thrown, const watch::ApiError& error) {
      ended_ = true;
      thrown_ = thrown;
      result_ = error;
    };
    boost::asio::co_spawn(context_, reflector_->run(), boost::asio::bind_cancellation_slot(stop_.slot(), done));
  }

  void stop() {
    stop_.emit(boost::asio::cancellation_type::terminal);
    context_.restart();
    context_.poll();
  }

  /// A list and watch only, as a server without WatchList gets.
  static watch::ReflectorOptions plain() {
    watch::ReflectorOptions options;
    options.server.watch_list = false;
    return options;
  }

  boost::asio::io_context context_;
  FakeClock clock_;
  Journal journal_;
  ScriptedCollection server_{clock_, journal_};
  JournalSink sink_{journal_};
  watch::ReflectorMonitor monitor_{"things"};
  boost::asio::cancellation_signal stop_;
  std::optional<watch::Reflector<Thing>> reflector_;
  bool ended_ = false;
  std::exception_ptr thrown_;
  watch::ApiError result_;
};

}  // namespace ferry::testing
