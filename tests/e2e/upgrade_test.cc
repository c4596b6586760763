#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/e2e/cluster.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/steady_load.h"

namespace ferry::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

/// A process that a child of this one has started, and that came to this one when the child ended.
class Adopted {
 public:
  explicit Adopted(pid_t pid) : pid_(pid) {}
  ~Adopted() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    // It is nobody's to wait for while whoever started it lives.
    ::waitpid(pid_, nullptr, 0);
  }
  Adopted(const Adopted&) = delete;
  Adopted& operator=(const Adopted&) = delete;

  pid_t pid() const { return pid_; }

  /// Ends it in order, and gives what waitpid(2) says of it.
  int end() {
    ::kill(pid_, SIGTERM);
    int status = -1;
    eventually("the process ends", [&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
    ended_ = true;
    return status;
  }

 private:
  pid_t pid_;
  bool ended_ = false;
};

/// `kube-ferry upgrade` while a service is called all the time.
class Upgrade : public ClusterTest {
 protected:
  void SetUp() override {
    // Whoever loses the one that started it comes to this process.
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    start_api_server();
    for (const char* name : {"a", "b", "c"}) add_pod(name, "web");
    web_ = create_service("web");
    program_ = folder() + "/kube-ferry";
    lay_out(program("kube-ferry"));
    set_proxy_program(program_);
  }

  void start(std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--admin-socket", socket()});
    start_proxy(flags);
    wait_for_answers(web_, {"a", "b", "c"});
    load_ = std::make_unique<SteadyLoad>(web_, 300, 4);
    load_->wait_for_more(50);
    for (int count = 0; count < 30; ++count) held_.push_back(std::make_unique<EchoConnection>(web_));
  }

  void start_replaceable() { start({"--takeover-socket", folder() + "/take.sock"}); }

  std::string socket() const { return folder() + "/admin.sock"; }

  /// Puts another program where the one that runs was started from.
  void lay_out(const std::string& path) const {
    std::filesystem::remove(program_);
    std::filesystem::create_symlink(path, program_);
  }

  Finished upgrade(const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> command = {program("kube-ferry"), "upgrade", "--socket", socket()};
    command.insert(command.end(), flags.begin(), flags.end());
    return run(command);
  }

  /// The process that has taken the place of another, from what `upgrade` said of it.
  static std::unique_ptr<Adopted> adopt(const Finished& upgraded) {
    std::smatch found;
    if (!std::regex_search(upgraded.output, found, std::regex("process ([0-9]+) .*has taken the place")))
      return nullptr;
    return std::make_unique<Adopted>(std::stoi(found[1]));
  }

  void expect_that_all_goes_on() {
    for (const auto& connection : held_) EXPECT_TRUE(connection->echo("still there")) << connection->error();
    load_->wait_for_more(50);
  }

  void hang_up() { held_.clear(); }

  void expect_that_no_call_failed() {
    const Tally tally = load_->stop();
    EXPECT_GT(tally.succeeded(), 50U);
    EXPECT_EQ(tally.failed, 0U) << tally.to_string();
  }

 private:
  boost::asio::ip::tcp::endpoint web_;
  std::string program_;
  std::unique_ptr<SteadyLoad> load_;
  std::vector<std::unique_ptr<EchoConnection>> held_;
};

TEST_F(Upgrade, TheProgramThatLiesThereTakesThePlaceOfTheOneThatRuns) {
  start_replaceable();
  const pid_t first = proxy().pid();
  const Finished upgraded = upgrade();
  EXPECT_EQ(upgraded.status, 0) << upgraded.output;
  EXPECT_THAT(upgraded.output, MatchesRegex("process [0-9]+ \\(version [^)]*\\) has taken the place of process " +
                                            std::to_string(first) + " \\(version [^)]*\\)\n"));
  std::unique_ptr<Adopted> next = adopt(upgraded);
  ASSERT_TRUE(next);
  eventually("the one that has nothing left to do ends", [&] { return !proxy().running(); });
  expect_that_all_goes_on();

  // And that one's place can be taken like the first one's.
  const Finished again = upgrade();
  EXPECT_EQ(again.status, 0) << again.output;
  const std::unique_ptr<Adopted> last = adopt(again);
  ASSERT_TRUE(last);
  expect_that_all_goes_on();
  expect_that_no_call_failed();
  hang_up();
  EXPECT_EQ(last->end(), 0);
}

TEST_F(Upgrade, AProgramThatDoesNotServeChangesNothing) {
  start_replaceable();
  lay_out(write_file("not-a-program", "nothing"));
  const Finished not_started = upgrade();
  EXPECT_EQ(not_started.status, 1);
  EXPECT_THAT(not_started.output, HasSubstr("cannot be started: "));

  const std::string broken = write_file("broken", "#!/bin/sh\nexit 3\n");
  std::filesystem::permissions(broken, std::filesystem::perms::owner_all);
  lay_out(broken);
  const Finished ended = upgrade();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("ended (exit status 3) before it could serve"));
  proxy().wait_for_output("has ended \\(exit status 3\\); going on as before");
  expect_that_all_goes_on();

  lay_out(program("kube-ferry"));
  const Finished upgraded = upgrade();
  EXPECT_EQ(upgraded.status, 0) << upgraded.output;
  const auto next = adopt(upgraded);
  ASSERT_TRUE(next);
  expect_that_all_goes_on();
  expect_that_no_call_failed();
}

TEST_F(Upgrade, WhoEndsTheOneThatRunsMeansTheOneThatIsToTakeItsPlaceToo) {
  start_replaceable();
  // The next one cannot know what to serve before the API server answers.
  api_server().signal(SIGSTOP);
  const Finished waiting = upgrade({"--timeout", "100ms"});
  EXPECT_EQ(waiting.status, 1);
  EXPECT_THAT(waiting.output, HasSubstr("has not taken the place of process"));
  const Finished second = upgrade();
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.output, HasSubstr("another process is about to take this one's place"));
  const pid_t next = std::stoi(proxy().wait_for_output("started process ([0-9]+) to take this one's place"));
  expect_that_all_goes_on();
  proxy().signal(SIGTERM);
  proxy().wait_for_output("SIGTERM: taking no new connections");
  eventually("the one that it has started ends", [&] {
    // Where it came to this process, it is to be waited for.
    ::waitpid(next, nullptr, WNOHANG);
    return ::kill(next, 0) != 0 && errno == ESRCH;
  });
  api_server().signal(SIGCONT);
}

TEST_F(Upgrade, WithoutATakeoverSocketItSaysWhatIsMissing) {
  start({});
  const Finished refused = upgrade();
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr("no process can take this one's place without --takeover-socket"));
  expect_that_all_goes_on();
  expect_that_no_call_failed();
}

}  // namespace
}  // namespace ferry::testing
