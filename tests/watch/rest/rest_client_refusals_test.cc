#include <chrono>

#include <gmock/gmock.h>

#include "tests/watch/rest/rest_fixture.h"
#include "watch/rest/rest_client.h"

namespace ferry::watch {
namespace {

using testing::chunk;
using testing::chunked_head;
using testing::gzip;
using testing::http_answer;

const char kExpired[] =
    R"~({"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version: 1 (5)",)~"
    R"~("reason":"Expired","code":410})~";

class RestClientRefusals : public RestFixture {
 protected:
  ApiError refusal(const std::string& answer) {
    server.on_connection().request().send(answer);
    RestClient client(context.get_executor(), config());
    const Answer got = get(client);
    EXPECT_FALSE(got.result.has_value());
    EXPECT_EQ(got.body, "") << "the body of an error is not handed over";
    return got.result.has_error() ? got.result.error() : ApiError();
  }
};

TEST_F(RestClientRefusals, AStatusIsDecoded) {
  const ApiError error = refusal(http_answer(kExpired, "410 Gone"));
  EXPECT_EQ(error.kind, ApiError::Kind::kStatus);
  EXPECT_TRUE(error.is_gone());
  EXPECT_EQ(error.to_string(), "410 Expired: too old resource version: 1 (5)");
}

TEST_F(RestClientRefusals, AStatusThatComesCompressedIsDecodedToo) {
  const ApiError error = refusal(http_answer(gzip(kExpired), "410 Gone", "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(error.reason, "Expired");
}

TEST_F(RestClientRefusals, APageThatIsNoStatusStillTellsItsCode) {
  const ApiError error = refusal(http_answer("<html>Bad Gateway</html>", "502 Bad Gateway"));
  EXPECT_EQ(error.http_status, 502);
  EXPECT_EQ(error.message, "<html>Bad Gateway</html>");
}

TEST_F(RestClientRefusals, AnEmptyRefusalStillTellsItsCode) {
  EXPECT_EQ(refusal("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").http_status, 503);
  EXPECT_EQ(refusal("HTTP/1.1 304 Not Modified\r\n\r\n").http_status, 304);
}

TEST_F(RestClientRefusals, ARefusalCutAtAnyByteOfItsBodyStillTellsItsCode) {
  const std::string body = R"({"kind":"Status","code":403})";
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::string head = "HTTP/1.1 403 Forbidden\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    EXPECT_EQ(refusal(head + body.substr(0, size)).http_status, 403) << size;
  }
}

TEST_F(RestClientRefusals, ARefusalWithoutEndIsReadToABound) {
  std::string body;
  for (int i = 0; i < 40; ++i) body += chunk(std::string(16384, 'x'));
  server.on_connection().request().send("HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n" + body).hang();
  RestClient client(context.get_executor(), config());
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_EQ(answer.result.error().http_status, 500);
}

TEST_F(RestClientRefusals, ARedirectIsNotFollowed) {
  const ApiError error =
      refusal(http_answer("", "302 Found", "Location: http://127.0.0.1:" + std::to_string(server.port()) + "/y\r\n"));
  EXPECT_EQ(error.http_status, 302);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(RestClientRefusals, RetryAfterIsTakenFromTheHeadUnlessTheStatusHasItsOwn) {
  const auto later = [this](const std::string& headers, const std::string& body) {
    return refusal(http_answer(body, "429 Too Many Requests", headers)).retry_after;
  };
  EXPECT_EQ(later("", "{}"), std::nullopt);
  EXPECT_EQ(later("Retry-After: 7\r\n", "{}"), std::chrono::seconds(7));
  EXPECT_EQ(later("Retry-After: 7\r\n", R"({"kind":"Status","details":{"retryAfterSeconds":3},"code":429})"),
            std::chrono::seconds(3));
  EXPECT_EQ(later("Retry-After: 4000000000\r\n", "{}"), std::chrono::hours(24));
  EXPECT_EQ(later("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", "{}"), std::nullopt);
  EXPECT_EQ(later("Retry-After: -1\r\n", "{}"), std::nullopt);
  EXPECT_EQ(later("Retry-After: 99999999999999999999\r\n", "{}"), std::nullopt);
}

TEST_F(RestClientRefusals, AnEncodingNobodyAskedForIsAProtocolError) {
  const ApiError error = refusal(http_answer("x", "200 OK", "Content-Encoding: br\r\n"));
  EXPECT_EQ(error.kind, ApiError::Kind::kProtocol);
}

TEST_F(RestClientRefusals, CompressedBytesThatAreDamagedOrShortAreAProtocolError) {
  const std::string whole = gzip("{}");
  std::string damaged = whole;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);
  for (const std::string& body : {damaged, std::string("not gzip"), whole + "more", whole.substr(0, 12)}) {
    server.on_connection().request().send(http_answer(body, "200 OK", "Content-Encoding: gzip\r\n"));
    RestClient client(context.get_executor(), config());
    const Answer answer = get(client);
    ASSERT_FALSE(answer.result.has_value()) << body;
    EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kProtocol);
  }
}

}  // namespace
}  // namespace ferry::watch
