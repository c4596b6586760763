#include "watch/rest/rest_client.h"

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>

#include "tests/support/temporary_folder.h"
#include "tests/watch/rest/rest_fixture.h"

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
using testing::chunk;
using testing::chunked_head;
using ::testing::ElementsAre;
using testing::gzip;
using ::testing::HasSubstr;
using testing::http_answer;
using ::testing::Not;
using ::testing::StartsWith;

class RestClientTest : public RestFixture {};

TEST_F(RestClientTest, AsksBelowTheBasePathAndSaysWhoItIs) {
  server.on_connection().request().send(http_answer("{}"));
  ClientConfig there = config();
  there.server.base_path = "/clusters/one";
  there.user_agent = "kube-ferry/1.2";
  RestClient client(context.get_executor(), there);
  EXPECT_EQ(get(client, "/api/v1/services?limit=5").body, "{}");
  ASSERT_EQ(server.requests().size(), 1U);
  const std::string& request = server.requests()[0];
  EXPECT_THAT(request, StartsWith("GET /clusters/one/api/v1/services?limit=5 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  EXPECT_THAT(request, HasSubstr("User-Agent: kube-ferry/1.2\r\n"));
  EXPECT_THAT(request, HasSubstr("Accept: application/json\r\n"));
  EXPECT_THAT(request, HasSubstr("Accept-Encoding: gzip\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Authorization")));
}

TEST_F(RestClientTest, ADocumentIsPostedWithItsLength) {
  server.on_connection().request().send(http_answer("answer", "201 Created"));
  RestClient client(context.get_executor(), config());
  const auto answer = testing::run(context, client.post_document("/apis/reviews", "{\"spec\":{}}"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer.value(), "answer");
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_THAT(server.requests()[0], StartsWith("POST /apis/reviews HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests()[0], HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(server.requests()[0], HasSubstr("Content-Length: 11\r\n"));
}

TEST_F(RestClientTest, ABodyIsCompleteByItsLengthItsLastChunkOrTheEndOfTheConnection) {
  server.on_connection().request().send(http_answer("by length"));
  server.on_connection().request().send(chunked_head() + chunk("by ") + chunk("chunks") + chunk(""));
  server.on_connection().request().send("HTTP/1.0 200 OK\r\n\r\nby the end");
  server.on_connection().request().send("HTTP/1.1 204 No Content\r\n\r\n");
  for (const char* body : {"by length", "by chunks", "by the end", ""}) {
    RestClient client(context.get_executor(), config());
    const Answer answer = get(client);
    EXPECT_TRUE(answer.result.has_value()) << body;
    EXPECT_EQ(answer.body, body);
  }
}

TEST_F(RestClientTest, AnAnswerReadsTheSameHoweverItIsCut) {
  const std::string body = "{\"items\":[1,2,3]}";
  const std::string whole = chunked_head("Content-Encoding: gzip\r\n") + chunk(gzip(body).substr(0, 10)) +
                            chunk(gzip(body).substr(10)) + chunk("");
  for (std::size_t piece = 1; piece <= whole.size(); piece += piece < 20 ? 1 : 37) {
    server.on_connection().request().send(whole, piece);
    RestClient client(context.get_executor(), config());
    const Answer answer = get(client);
    EXPECT_TRUE(answer.result.has_value()) << "in pieces of " << piece;
    EXPECT_EQ(answer.body, body);
  }
}

TEST_F(RestClientTest, AnAnswerThatBreaksOffAtAnyByteIsAnError) {
  const std::string whole = chunked_head() + chunk("{\"items\":[") + chunk("]}") + chunk("");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    server.on_connection().request().send(whole.substr(0, size));
    RestClient client(context.get_executor(), config());
    const Answer answer = get(client);
    ASSERT_FALSE(answer.result.has_value()) << "after " << size << " bytes";
    EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kTransport) << "after " << size << " bytes";
  }
  EXPECT_EQ(server.connections(), whole.size()) << "a new connection is not tried again";
}

TEST_F(RestClientTest, AResetInTheMiddleIsATransportError) {
  server.on_connection().request().send(chunked_head() + chunk("{")).reset();
  RestClient client(context.get_executor(), config());
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kTransport);
}

TEST_F(RestClientTest, NobodyListeningIsToldApart) {
  ClientConfig there = config();
  server.stop();
  RestClient client(context.get_executor(), there);
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_TRUE(answer.result.error().is_connection_refused());
  EXPECT_EQ(answer.result.error().to_string(),
            "cannot connect to " + there.server.authority() + ": Connection refused");
}

TEST_F(RestClientTest, ANameThatDoesNotExistIsATransportError) {
  ClientConfig there = config();
  there.server.host = "does-not-exist.invalid";
  RestClient client(context.get_executor(), there);
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_THAT(answer.result.error().to_string(), StartsWith("cannot resolve does-not-exist.invalid"));
}

TEST_F(RestClientTest, ANameIsLookedUp) {
  server.on_connection().request().send(http_answer("found"));
  ClientConfig there = config();
  there.server.host = "localhost";
  RestClient client(context.get_executor(), there);
  EXPECT_EQ(get(client).body, "found");
}

TEST_F(RestClientTest, AnAddressInsideAServiceRangeIsNeverConnectedTo) {
  ClientConfig there = config();
  there.server.host = "localhost";
  there.refused_ranges = {*config::IpPrefix::parse("127.0.0.0/8"), *config::IpPrefix::parse("::1/128")};
  RestClient client(context.get_executor(), there);
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_THAT(answer.result.error().message, HasSubstr("so the proxy would wait for itself"));
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(RestClientTest, InterimAnswersArePassedOver) {
  server.on_connection().request().send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
                                        http_answer("at last"));
  RestClient client(context.get_executor(), config());
  EXPECT_EQ(get(client).body, "at last");
}

TEST_F(RestClientTest, InterimAnswersWithoutEndAreAProtocolError) {
  std::string hints;
  for (int i = 0; i < 50; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  server.on_connection().request().send(hints).hang();
  RestClient client(context.get_executor(), config());
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kProtocol);
}

TEST_F(RestClientTest, AHeadOfManyKilobytesIsReadAndALargerOneRefused) {
  server.on_connection().request().send(http_answer("x", "200 OK", "Warning: " + std::string(40000, 'w') + "\r\n"));
  server.on_connection().request().send(http_answer("x", "200 OK", "Warning: " + std::string(400000, 'w') + "\r\n"));
  RestClient patient(context.get_executor(), config());
  EXPECT_EQ(get(patient).body, "x");
  RestClient client(context.get_executor(), config());
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kProtocol);
}

TEST_F(RestClientTest, WhatIsNotHttpIsAProtocolError) {
  for (const char* bytes : {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "\r\n\r\n\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    server.on_connection().request().send(bytes);
    RestClient client(context.get_executor(), config());
    const Answer answer = get(client);
    ASSERT_FALSE(answer.result.has_value()) << bytes;
    EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kProtocol) << bytes;
  }
}

TEST_F(RestClientTest, AReaderWhoHasHadEnoughEndsTheRequestAndItsConnection) {
  server.on_connection().request().send(chunked_head() + chunk("one")).hang();
  RestClient client(context.get_executor(), config());
  RestClient::OnBytes enough = [](std::string_view) { return false; };
  const auto result = testing::run(context, client.get("/x", {}, std::move(enough)));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ApiError::Kind::kProtocol);
}

TEST_F(RestClientTest, ADocumentIsHandedOverWholeAndHasABound) {
  server.on_connection().request().send(http_answer("{\"kind\":\"APIVersions\"}"));
  RestClient client(context.get_executor(), config());
  EXPECT_EQ(testing::run(context, client.get_document("/api")).value(), "{\"kind\":\"APIVersions\"}");

  server.on_connection().request().send(
      http_answer(gzip(std::string(std::size_t{9} << 20U, ' ')), "200 OK", "Content-Encoding: gzip\r\n"));
  RestClient other(context.get_executor(), config());
  const auto huge = testing::run(context, other.get_document("/api"));
  ASSERT_FALSE(huge.has_value());
  EXPECT_EQ(huge.error().kind, ApiError::Kind::kProtocol);
}

// Credentials

TEST_F(RestClientTest, ATokenFromAFileIsReadAgainWhenItChanges) {
  const testing::TemporaryFolder folder;
  ClientConfig there = config();
  there.token.file = folder.write("token", "first\n");
  server.on_connection().request().send(http_answer("{}")).request().send(http_answer("{}")).hang();
  {
    RestClient client(context.get_executor(), there);
    get(client);
    folder.write("token", "second\n");
    get(client);
  }
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_THAT(server.requests()[0], HasSubstr("Authorization: Bearer first\r\n"));
  EXPECT_THAT(server.requests()[1], HasSubstr("Authorization: Bearer second\r\n"));
}

TEST_F(RestClientTest, WithoutAUsableTokenNothingIsAsked) {
  ClientConfig there = config();
  there.token.file = "/does/not/exist";
  RestClient missing(context.get_executor(), there);
  EXPECT_EQ(get(missing).result.error().to_string(), "the token in /does/not/exist cannot be read");
  there.token = {"two\r\nlines", ""};
  RestClient broken(context.get_executor(), there);
  EXPECT_EQ(get(broken).result.error().to_string(), "the token has a control character inside");
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(RestClientTest, AUserNameAndPasswordGoAsBasicAuthentication) {
  server.on_connection().request().send(http_answer("{}"));
  ClientConfig there = config();
  there.username = "Aladdin";
  there.password = "open sesame";
  RestClient client(context.get_executor(), there);
  get(client);
  EXPECT_THAT(server.requests().at(0), HasSubstr("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
}

TEST_F(RestClientTest, AnotherConfigurationCountsForRequestsThatBeginAfterIt) {
  server.on_connection().request().send(http_answer("first"));
  server.on_connection().request().send(http_answer("second"));
  ClientConfig there = config();
  there.token.data = "old";
  RestClient client(context.get_executor(), there);
  EXPECT_EQ(get(client).body, "first");
  there.token.data = "new";
  client.use(there);
  EXPECT_EQ(get(client).body, "second") << "not by a connection that was made as somebody else";
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_THAT(server.requests()[0], HasSubstr("Authorization: Bearer old\r\n"));
  EXPECT_THAT(server.requests()[1], HasSubstr("Authorization: Bearer new\r\n"));
  EXPECT_EQ(client.config().token.data, "new");
  EXPECT_EQ(client.connections_opened(), 2U);
}

TEST_F(RestClientTest, ARequestUnderWayOutlivesItsConfigurationAndEndsWithTheClient) {
  server.on_connection().request().send(chunked_head() + chunk("begun"));
  RestClient client(context.get_executor(), config());
  const auto ended = interrupted(
      client, [this] { return server.requests().size() == 1; },
      [&](asio::cancellation_signal&) {
        client.use(config());
        client.close();
      });
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().kind, ApiError::Kind::kCancelled);
}

}  // namespace
}  // namespace ferry::watch
