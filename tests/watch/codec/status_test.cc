#include "watch/codec/status.h"

#include <string>

#include <gtest/gtest.h>

namespace ferry::watch {
namespace {

TEST(Status, OfTodayIsReadWhole) {
  const ApiError error = decode_status(504, R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
    "message":"Timeout: Too large resource version: 999999999, current: 31","reason":"Timeout",
    "details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1},"code":504})");
  EXPECT_EQ(error.kind, ApiError::Kind::kStatus);
  EXPECT_EQ(error.http_status, 504);
  EXPECT_EQ(error.reason, "Timeout");
  EXPECT_EQ(error.message, "Timeout: Too large resource version: 999999999, current: 31");
  EXPECT_EQ(error.retry_after, std::chrono::seconds(1));
  EXPECT_TRUE(error.resource_version_too_large);
  EXPECT_FALSE(error.is_gone());
}

TEST(Status, OfAnErrorEventBringsItsOwnCode) {
  const ApiError error = decode_status(
      200,
      R"json({"kind":"Status","status":"Failure","message":"too old resource version: 1 (22)","reason":"Expired","code":410})json");
  EXPECT_EQ(error.http_status, 410);
  EXPECT_TRUE(error.is_gone());
  EXPECT_FALSE(error.resource_version_too_large);
  EXPECT_FALSE(error.retry_after.has_value());
}

TEST(Status, Of2014HasReasonsInLowerCase) {
  const ApiError error = decode_status(
      404,
      R"({"kind":"Status","apiVersion":"v1beta1","status":"failure","message":"service \"x\" not found.","reason":"notFound",
              "details":{"id":"x","kind":"service","causes":null},"code":404})");
  EXPECT_EQ(error.reason, "NotFound");
  EXPECT_TRUE(error.is_not_found());
  EXPECT_EQ(error.message, "service \"x\" not found");
  EXPECT_EQ(decode_status(409, R"({"kind":"Status","reason":"alreadyExists"})").reason, "AlreadyExists");
}

TEST(Status, WithoutACodeTakesTheOneOfHttp) {
  EXPECT_EQ(decode_status(500, R"({"kind":"Status","message":"m"})").http_status, 500);
  EXPECT_EQ(decode_status(500, R"({"kind":"Status","message":"m","code":0})").http_status, 500);
}

TEST(Status, ABodyThatIsNoneGivesItsBeginningAsTheMessage) {
  EXPECT_EQ(decode_status(404, "404 page not found\n").message, "404 page not found");
  EXPECT_EQ(decode_status(502, "").message, "");
  EXPECT_EQ(decode_status(502, "<html>\r\n<h1>Bad\tGateway</h1>\n").message, "<html> <h1>Bad Gateway</h1>");
  EXPECT_EQ(decode_status(502, std::string(100000, 'x')).message, std::string(256, 'x'));
  EXPECT_EQ(decode_status(400, R"({"kind":"Service","message":"m","code":410})").message,
            R"({"kind":"Service","message":"m","code":410})");
  EXPECT_EQ(decode_status(400, R"({"kind":"Service","message":"m","code":410})").http_status, 400);
  EXPECT_EQ(decode_status(503, "\xff\x01").message, "?");
}

TEST(Status, OneThatIsBrokenIsNone) {
  const ApiError error = decode_status(410, R"({"kind":"Status","reason":"Expired","code":"many"})");
  EXPECT_EQ(error.http_status, 410);
  EXPECT_EQ(error.reason, "");
  EXPECT_EQ(error.message, R"({"kind":"Status","reason":"Expired","code":"many"})");
}

TEST(Status, HugeNumbersAndTextsAreBounded) {
  EXPECT_EQ(decode_status(429, R"({"kind":"Status","details":{"retryAfterSeconds":2000000000}})").retry_after,
            std::chrono::seconds(86400));
  const ApiError error = decode_status(400, R"({"kind":"Status","message":")" + std::string(100000, 'x') +
                                                R"(\n\u001b","reason":")" + std::string(1000, 'R') + "\"}");
  EXPECT_EQ(error.message.size(), 1024U);
  EXPECT_EQ(error.reason.size(), 64U);
}

}  // namespace
}  // namespace ferry::watch
