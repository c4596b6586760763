#include "watch/rest/api_error.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace ferry::watch {
namespace {

ApiError error_of(ApiError::Kind kind, int status = 0, const char* reason = "", const char* message = "") {
  ApiError error;
  error.kind = kind;
  error.http_status = status;
  error.reason = reason;
  error.message = message;
  return error;
}

TEST(ApiErrorText, IsOneClauseForEveryKind) {
  using Kind = ApiError::Kind;
  EXPECT_EQ(error_of(Kind::kStatus, 410, "Expired", "too old").to_string(), "410 Expired: too old");
  EXPECT_EQ(error_of(Kind::kStatus, 503).to_string(), "503");
  EXPECT_EQ(error_of(Kind::kTransport).to_string(), "connection failed");
  EXPECT_EQ(error_of(Kind::kTimeout).to_string(), "timed out");
  EXPECT_EQ(error_of(Kind::kTimeout, 0, "", "no answer").to_string(), "no answer");
  EXPECT_EQ(error_of(Kind::kProtocol).to_string(), "the answer is not the Kubernetes protocol");
  EXPECT_EQ(error_of(Kind::kCancelled).to_string(), "cancelled");
  ApiError refused = error_of(Kind::kTransport, 0, "", "cannot connect");
  refused.code = make_error_code(boost::system::errc::connection_refused);
  EXPECT_EQ(refused.to_string(), "cannot connect: Connection refused");
}

TEST(ApiErrorText, AskingAnErrorForItsValueThrows) {
  const Result<int> result = error_of(ApiError::Kind::kCancelled);
  EXPECT_THROW(result.value(), std::runtime_error);
}

}  // namespace
}  // namespace ferry::watch
