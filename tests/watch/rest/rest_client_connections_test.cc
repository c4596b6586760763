#include <chrono>

#include <gmock/gmock.h>

#include "tests/watch/rest/rest_fixture.h"
#include "watch/rest/rest_client.h"

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using testing::chunk;
using testing::chunked_head;
using testing::gzip;
using testing::http_answer;

class RestClientConnections : public RestFixture {
 protected:
  static void cancel(asio::cancellation_signal& signal) { signal.emit(asio::cancellation_type::terminal); }

  bool asked() const { return !server.requests().empty(); }
};

TEST_F(RestClientConnections, AConnectionCarriesOneRequestAfterTheOther) {
  auto& script = server.on_connection();
  for (int i = 0; i < 5; ++i) script.request().send(http_answer("{}"));
  script.hang();
  {
    RestClient client(context.get_executor(), config());
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(get(client).result.has_value());
    EXPECT_EQ(client.connections_opened(), 1U);
  }
}

TEST_F(RestClientConnections, ARefusalReadToItsEndKeepsTheConnection) {
  server.on_connection().request().send(http_answer("no", "404 Not Found")).request().send(http_answer("yes")).hang();
  {
    RestClient client(context.get_executor(), config());
    EXPECT_FALSE(get(client).result.has_value());
    EXPECT_EQ(get(client).body, "yes");
  }
}

TEST_F(RestClientConnections, AServerThatSaysCloseIsNotAskedAgainThere) {
  server.on_connection().request().send(http_answer("1", "200 OK", "Connection: close\r\n")).hang();
  server.on_connection().request().send(http_answer("2"));
  RestClient client(context.get_executor(), config());
  EXPECT_EQ(get(client).body, "1");
  EXPECT_EQ(get(client).body, "2");
}

TEST_F(RestClientConnections, AKeptConnectionThatTheServerClosedIsReplacedSilently) {
  server.on_connection().request().send(http_answer("1"));
  server.on_connection().request().send(http_answer("2"));
  RestClient client(context.get_executor(), config());
  EXPECT_EQ(get(client).body, "1");
  testing::run_until(context, [this] { return server.finished() || server.connections() == 1; });
  EXPECT_EQ(get(client).body, "2");
  EXPECT_EQ(client.connections_opened(), 2U);
}

TEST_F(RestClientConnections, AKeptConnectionThatIsResetUnderTheRequestIsReplacedOnce) {
  server.on_connection().request().send(http_answer("1")).request().reset();
  server.on_connection().request().reset();
  RestClient client(context.get_executor(), config());
  EXPECT_EQ(get(client).body, "1");
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kTransport);
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(RestClientConnections, AKeptConnectionThatBeganToAnswerIsNotReplaced) {
  server.on_connection().request().send(http_answer("1")).request().send("HTTP/1.1 2");
  RestClient client(context.get_executor(), config());
  EXPECT_EQ(get(client).body, "1");
  EXPECT_FALSE(get(client).result.has_value());
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(RestClientConnections, RequestsAtTheSameTimeHaveConnectionsOfTheirOwn) {
  std::size_t answered = 0;
  RestClient client(context.get_executor(), config());
  for (int i = 0; i < 6; ++i) {
    server.on_connection().request().send(http_answer("{}"));
    asio::co_spawn(context, client.get_document("/x"), [&](std::exception_ptr, const Result<std::string>& document) {
      if (document.has_value()) ++answered;
    });
  }
  testing::run_until(context, [&answered] { return answered == 6; });
  EXPECT_EQ(client.connections_opened(), 6U);
}

TEST_F(RestClientConnections, AServerThatAcceptsAndSaysNothingTimesOut) {
  server.on_connection().request().hang();
  ClientConfig there = config();
  there.read_timeout = milliseconds(30);
  RestClient client(context.get_executor(), there);
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kTimeout);
}

TEST_F(RestClientConnections, ASilenceInTheBodyTimesOutByTheDeadlineOfTheRequest) {
  server.on_connection().request().send(chunked_head() + chunk("{")).hang();
  RestClient client(context.get_executor(), config());
  RestClient::GetOptions options;
  options.read_timeout = [] { return milliseconds(30); };
  const Answer answer = get(client, "/x", options);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kTimeout);
  EXPECT_EQ(answer.body, "{");
}

TEST_F(RestClientConnections, ACancelledRequestEndsInEveryPhase) {
  server.on_connection().request().hang();
  server.on_connection().request().send(chunked_head() + chunk("{")).hang();
  for (std::size_t phase = 1; phase <= 2; ++phase) {
    RestClient client(context.get_executor(), config());
    const auto result = interrupted(
        client, [this, phase] { return server.requests().size() == phase; },
        [](asio::cancellation_signal& signal) { cancel(signal); });
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, ApiError::Kind::kCancelled) << "in phase " << phase;
  }
}

TEST_F(RestClientConnections, ARequestCancelledOnAKeptConnectionIsNotTriedAgain) {
  server.on_connection().request().send(http_answer("1")).request().hang();
  RestClient client(context.get_executor(), config());
  EXPECT_EQ(get(client).body, "1");
  const auto result = interrupted(
      client, [this] { return server.requests().size() == 2; },
      [](asio::cancellation_signal& signal) { cancel(signal); });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ApiError::Kind::kCancelled);
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(RestClientConnections, ALookUpCanBeCancelledAndItsAnswerComesInVain) {
  ClientConfig there = config();
  there.server.host = "does-not-exist.invalid";
  RestClient client(context.get_executor(), there);
  const auto looking_up = [this] {
    context.restart();
    context.poll();
    return true;
  };
  const auto result = interrupted(client, looking_up, [](asio::cancellation_signal& signal) { cancel(signal); });
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().kind, ::testing::AnyOf(ApiError::Kind::kCancelled, ApiError::Kind::kTransport));
  server.stop();
  context.restart();
  context.run_for(testing::kHangDeadline);
}

TEST_F(RestClientConnections, ClosingTheClientEndsWhatIsUnderWay) {
  server.on_connection().request().hang();
  RestClient client(context.get_executor(), config());
  const auto result = interrupted(
      client, [this] { return asked(); }, [&client](asio::cancellation_signal&) { client.close(); });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ApiError::Kind::kCancelled);
  EXPECT_EQ(get(client).result.error().kind, ApiError::Kind::kCancelled);
}

TEST_F(RestClientConnections, AClientDestroyedUnderARequestLeavesItToEnd) {
  server.on_connection().request().send(chunked_head() + chunk("{")).hang();
  auto client = std::make_unique<RestClient>(context.get_executor(), config());
  const auto result = interrupted(
      *client, [this] { return asked(); }, [&client](asio::cancellation_signal&) { client.reset(); });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ApiError::Kind::kCancelled);
}

TEST_F(RestClientConnections, ALoopDestroyedUnderARequestLeavesNothingBehind) {
  auto loop = std::make_unique<asio::io_context>();
  auto there = std::make_unique<testing::ScriptedServer>(loop->get_executor());
  there->on_connection().request().send(chunked_head() + chunk("{")).hang();
  auto client = std::make_unique<RestClient>(loop->get_executor(), config_for(*there));
  asio::co_spawn(*loop, client->get("/x", {}, [](std::string_view) { return true; }),
                 [](std::exception_ptr, const Result<void>&) {});
  testing::run_until(*loop, [&there] { return !there->requests().empty(); });
  there.reset();
  loop.reset();
}

TEST_F(RestClientConnections, ASmallAnswerThatInflatesToALargeOneLeavesTheLoopToOthersAndComesInBoundedParts) {
  constexpr std::size_t kSize = std::size_t{32} << 20U;
  server.on_connection().request().send(
      http_answer(gzip(std::string(kSize, '0')), "200 OK", "Content-Encoding: gzip\r\n"));
  RestClient client(context.get_executor(), config());
  std::size_t size = 0;
  std::size_t largest = 0;
  bool done = false;
  asio::co_spawn(context,
                 client.get("/x", {},
                            [&](std::string_view bytes) {
                              size += bytes.size();
                              largest = std::max(largest, bytes.size());
                              return true;
                            }),
                 [&done](std::exception_ptr, const Result<void>& result) { done = result.has_value(); });
  std::size_t turns = 0;
  testing::run_until(context, [&] {
    ++turns;
    return done;
  });
  EXPECT_EQ(size, kSize);
  EXPECT_LE(largest, std::size_t{256} << 10U);
  EXPECT_GE(turns, kSize / (std::size_t{256} << 10U));
}

}  // namespace
}  // namespace ferry::watch
