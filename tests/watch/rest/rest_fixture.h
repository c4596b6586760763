#pragma once

#include <chrono>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/support/run.h"
#include "tests/support/scripted_server.h"
#include "watch/rest/rest_client.h"

namespace ferry::watch {

/// A scripted server and what a client needs to talk to it. At the end every script must have been played, and nothing
/// may be left on the loop.
class RestFixture : public ::testing::Test {
 protected:
  /// What one request gave.
  struct Answer {
    std::string body;
    Result<void> result;
  };

  ClientConfig config() const { return config_for(server); }

  static ClientConfig config_for(const testing::ScriptedServer& there) {
    ClientConfig config;
    config.server = *parse_url(there.url());
    config.connect_timeout = std::chrono::seconds(10);
    config.read_timeout = std::chrono::seconds(10);
    config.secret_check_interval = std::chrono::milliseconds(0);
    return config;
  }

  Answer get(RestClient& client, std::string target = "/x", RestClient::GetOptions options = {}) {
    std::string body;
    RestClient::OnBytes keep = [&body](std::string_view bytes) {
      body += bytes;
      return true;
    };
    auto result = testing::run(context, client.get(std::move(target), options, std::move(keep)));
    return {std::move(body), std::move(result)};
  }

  /// Starts a request and interrupts it once `moment()`; returns what it ended with.
  template <class Moment, class Interrupt>
  Result<void> interrupted(RestClient& client, Moment moment, Interrupt interrupt) {
    boost::asio::cancellation_signal signal;
    std::optional<Result<void>> ended;
    boost::asio::co_spawn(
        context, client.get("/x", {}, [](std::string_view) { return true; }),
        boost::asio::bind_cancellation_slot(signal.slot(), [&ended](std::exception_ptr thrown, Result<void> result) {
          EXPECT_FALSE(thrown);
          ended = std::move(result);
        }));
    testing::run_until(context, moment);
    interrupt(signal);
    testing::run_until(context, [&ended] { return ended.has_value(); });
    return *ended;
  }

  void TearDown() override {
    EXPECT_TRUE(server_is_done(server));
    server.stop();
    EXPECT_TRUE(testing::is_idle(context));
  }

  bool server_is_done(testing::ScriptedServer& there) {
    context.restart();
    context.poll();
    return there.finished();
  }

  boost::asio::io_context context;
  testing::ScriptedServer server{context.get_executor()};
};

}  // namespace ferry::watch
