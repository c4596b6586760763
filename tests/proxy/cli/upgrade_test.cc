#include "proxy/cli/upgrade.h"

#include <deque>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::cli {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

Json state(int pid, bool serving, int successor = 0, const std::string& ended = {}) {
  Json made{{"pid", pid}, {"version", "v" + std::to_string(pid)}, {"serving", serving}, {"successor", nullptr}};
  if (successor != 0) {
    made["successor"] = {{"pid", successor}, {"ended", nullptr}};
    if (!ended.empty()) made["successor"]["ended"] = ended;
  }
  return made;
}

class UpgradeCommand : public ::testing::Test {
 protected:
  /// The exit code. `after`: what the daemon answers to one look after the other, the last again and again.
  int run(Answer started, std::deque<Answer> after = {}) {
    const Ask ask = [&after](const std::string& target) {
      EXPECT_EQ(target, "/api/upgrade");
      Answer answer = after.front();
      if (after.size() > 1) after.pop_front();
      return answer;
    };
    const Put put = [&started](const std::string& target, const std::string& body) {
      EXPECT_EQ(target, "/api/upgrade");
      EXPECT_EQ(body, "");
      return started;
    };
    std::chrono::steady_clock::time_point now;
    const UpgradePace pace{[&now] { return now; }, [&now](milliseconds time) { now += time; }};
    UpgradeOptions options;
    options.timeout = std::chrono::seconds{1};
    return upgrade(options, ask, put, pace, {out_, err_});
  }

  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(UpgradeCommand, IsDoneOnceTheNewProcessServes) {
  EXPECT_EQ(run(state(1, true, 2), {state(1, true, 2), state(2, false), state(2, true)}), 0);
  EXPECT_EQ(out_.str(), "process 2 (version v2) has taken the place of process 1 (version v1)\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(UpgradeCommand, LooksAgainWhereNobodyAnswersInBetween) {
  const AskError nobody{AskError::Kind::kNoDaemon, 0, "nobody"};
  const AskError nonsense{AskError::Kind::kNonsense, 0, "nonsense"};
  EXPECT_EQ(run(state(1, true, 2), {nobody, nonsense, Json::array(), state(2, true)}), 0);
}

TEST_F(UpgradeCommand, TellsHowTheNewProcessEnded) {
  EXPECT_EQ(run(state(1, true, 2), {state(1, true, 2, "exit status 1\x1b[2J")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("process 2 ended (exit status 1"));
  EXPECT_THAT(err_.str(), HasSubstr("process 1 goes on as before\n"));
  EXPECT_EQ(err_.str().find('\x1b'), std::string::npos);
}

TEST_F(UpgradeCommand, TellsThatItTakesTooLong) {
  EXPECT_EQ(run(state(1, true, 2), {state(1, true, 2)}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("process 2 has not taken the place of process 1 within 1s"));
}

TEST_F(UpgradeCommand, TellsThatAThirdProcessServes) {
  EXPECT_EQ(run(state(1, true, 2), {state(3, true)}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("process 3 serves now"));
}

TEST_F(UpgradeCommand, TellsWhyNothingIsStarted) {
  EXPECT_EQ(run(AskError{AskError::Kind::kRefused, 409, "no --takeover-socket"}), 1);
  EXPECT_EQ(err_.str(), "kube-ferry: no --takeover-socket\n");
}

TEST_F(UpgradeCommand, AnAnswerWithoutAProcessIsNone) {
  EXPECT_EQ(run(Json{{"pid", "1"}}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("did not say what it has started"));
}

TEST_F(UpgradeCommand, WhoMayNotAskIsToldAtOnce) {
  EXPECT_EQ(run(state(1, true, 2), {AskError{AskError::Kind::kPermission, 0, "only its owner may"}}), 1);
  EXPECT_EQ(err_.str(), "kube-ferry: only its owner may\n");
}

}  // namespace
}  // namespace ferry::cli
