#include "proxy/cli/admin_client.h"

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/proxy/cli/fake_daemon.h"
#include "tests/support/temporary_folder.h"

namespace ferry::cli {
namespace {

using testing::FakeAnswer;
using testing::FakeDaemon;
using ::testing::HasSubstr;

class AdminClient : public ::testing::Test {
 protected:
  Answer ask_one_that(FakeAnswer answer, ClientLimits limits = {}) {
    const FakeDaemon daemon(path_, [&answer](const std::string&) { return answer; });
    return ask_and_wait(path_, "/api/status", limits);
  }

  testing::TemporaryFolder folder_;
  std::string path_ = folder_.path() / "admin.sock";
};

TEST_F(AdminClient, BringsTheAnswerInItsOrder) {
  const Answer answer = ask_one_that({200, R"({"b": 1, "a": [null, "x"]})"});
  ASSERT_TRUE(std::holds_alternative<Json>(answer));
  EXPECT_EQ(std::get<Json>(answer).dump(), R"({"b":1,"a":[null,"x"]})");
}

TEST_F(AdminClient, AsksForTheTargetAsItIs) {
  const FakeDaemon daemon(path_, [](const std::string&) { return FakeAnswer{200, "{}"}; });
  ask_and_wait(path_, "/api/services?q=a%2Fb");
  EXPECT_EQ(daemon.targets(), std::vector<std::string>{"/api/services?q=a%2Fb"});
}

TEST_F(AdminClient, WithoutADaemonTheSocketAndTheRemedyAreNamed) {
  const AskError error = std::get<AskError>(ask_and_wait(path_, "/api/status"));
  EXPECT_EQ(error, (AskError{AskError::Kind::kNoDaemon, 0,
                             "no kube-ferry answers at " + path_ +
                                 " (No such file or directory); start it on this node, or name its --admin-socket with "
                                 "--socket PATH"}));
}

TEST_F(AdminClient, ASocketThatNobodyListensAtIsNoDaemon) {
  {
    const FakeDaemon daemon(path_, [](const std::string&) { return FakeAnswer{}; });
  }
  const AskError error = std::get<AskError>(ask_and_wait(path_, "/api/status"));
  EXPECT_EQ(error.kind, AskError::Kind::kNoDaemon);
  EXPECT_THAT(error.sentence, HasSubstr("(Connection refused)"));
}

/// Nothing is forbidden to root: while it lives, this process has another user's rights.
class AsAnotherUser {
 public:
  AsAnotherUser() : root_(geteuid() == 0) {
    constexpr uid_t kNobody = 65534;
    if (root_ && seteuid(kNobody) != 0) throw std::runtime_error("cannot give up root's rights");
  }
  ~AsAnotherUser() {
    if (root_ && seteuid(0) != 0) std::abort();
  }
  AsAnotherUser(const AsAnotherUser&) = delete;
  AsAnotherUser& operator=(const AsAnotherUser&) = delete;

 private:
  bool root_;
};

TEST_F(AdminClient, WithoutPermissionTheOwnerIsNamed) {
  const FakeDaemon daemon(path_, [](const std::string&) { return FakeAnswer{200, "{}"}; });
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod(path_.c_str(), 0), 0);
  const Answer answer = [this] {
    const AsAnotherUser user;
    return ask_and_wait(path_, "/api/status");
  }();
  ASSERT_TRUE(std::holds_alternative<AskError>(answer));
  EXPECT_EQ(
      std::get<AskError>(answer),
      (AskError{AskError::Kind::kPermission, 0,
                path_ + " may be opened by its owner alone; run this as the user that kube-ferry runs as, such as "
                        "with sudo"}));
}

TEST_F(AdminClient, ASilentDaemonIsNotWaitedForLongerThanTheLimit) {
  const Answer answer = ask_one_that({FakeDaemon::kSilence, ""}, {.time = std::chrono::milliseconds(50)});
  EXPECT_EQ(std::get<AskError>(answer),
            (AskError{AskError::Kind::kTimeout, 0,
                      "kube-ferry at " + path_ + " did not answer within 50 ms; try again, it may be busy"}));
}

TEST_F(AdminClient, AnErrorOfTheDaemonIsItsSentence) {
  const Answer answer = ask_one_that({404, R"({"error": "there is no service \u001b[31m"})"});
  EXPECT_EQ(std::get<AskError>(answer), (AskError{AskError::Kind::kRefused, 404, "there is no service \\x1b[31m"}));
}

TEST_F(AdminClient, AnErrorWithoutASentenceIsItsStatus) {
  for (const char* const body : {"", "Bad Gateway", "{}", R"({"error": 5})", "[]"}) {
    EXPECT_EQ(std::get<AskError>(ask_one_that({502, body})),
              (AskError{AskError::Kind::kRefused, 502, "kube-ferry at " + path_ + " answered with status 502"}));
  }
}

TEST_F(AdminClient, WhatIsNoAnswerOfTheApisIsSaid) {
  const std::string deep = "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}";
  for (const std::string& body :
       {std::string("<html>"), std::string(), std::string("[]"), std::string("{\"a\":"), deep}) {
    const AskError error = std::get<AskError>(ask_one_that({200, body}));
    EXPECT_EQ(error.kind, AskError::Kind::kNonsense) << body;
    EXPECT_THAT(error.sentence, HasSubstr(path_));
  }
  EXPECT_EQ(std::get<AskError>(ask_one_that({FakeDaemon::kNoHttp, "220 mail ready\r\n\r\n"})).kind,
            AskError::Kind::kNonsense);
}

TEST_F(AdminClient, ADaemonThatHangsUpIsBeingStopped) {
  const AskError error = std::get<AskError>(ask_one_that({FakeDaemon::kHangUp, ""}));
  EXPECT_EQ(error, (AskError{AskError::Kind::kNoDaemon, 0,
                             "kube-ferry at " + path_ + " hung up before it answered; is it being stopped?"}));
}

TEST_F(AdminClient, AnAnswerBeyondTheBoundIsNotRead) {
  const std::string body = "{\"a\": \"" + std::string(4096, 'x') + "\"}";
  EXPECT_TRUE(std::holds_alternative<Json>(ask_one_that({200, body}, {.body_bytes = body.size()})));
  const AskError error = std::get<AskError>(ask_one_that({200, body}, {.body_bytes = body.size() - 1}));
  EXPECT_EQ(error.kind, AskError::Kind::kNonsense);
  EXPECT_THAT(error.sentence, HasSubstr("is larger than"));
}

TEST(PathFits, AUnixSocketsPathHasAtMost107Bytes) {
  EXPECT_FALSE(path_fits(""));
  EXPECT_TRUE(path_fits("/run/kube-ferry/admin.sock"));
  EXPECT_TRUE(path_fits(std::string(107, 'a')));
  EXPECT_FALSE(path_fits(std::string(108, 'a')));
}

TEST(PercentEncoded, LeavesUnreservedCharactersAlone) {
  EXPECT_EQ(percent_encoded("Web-1.a_b~"), "Web-1.a_b~");
  EXPECT_EQ(percent_encoded("a/b c&\xc3\xbc"), "a%2Fb%20c%26%C3%BC");
}

}  // namespace
}  // namespace ferry::cli
