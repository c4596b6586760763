#include "proxy/cli/command.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/proxy/cli/fake_daemon.h"
#include "tests/support/temporary_folder.h"

namespace ferry::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Command : public ::testing::Test {
 protected:
  int run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--socket", path_});
    return run_command(arguments, {out_, err_});
  }

  testing::TemporaryFolder folder_;
  std::string path_ = folder_.path() / "admin.sock";
  testing::FakeApi api_;
  std::ostringstream out_;
  std::ostringstream err_;
};

class RunningCommand : public Command {
 protected:
  testing::FakeDaemon daemon_{path_, [this](const std::string& target) { return api_.get(target); }};
};

TEST_F(Command, AWrongCommandLineIsExitCodeTwo) {
  EXPECT_EQ(run({"get", "pods"}), 2);
  EXPECT_EQ(err_.str(), "kube-ferry: get pods: there is no such resource; give services, endpoints or connections\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(Command, WithoutADaemonEachCommandSaysSo) {
  const std::vector<std::vector<std::string>> commands{{"get", "services"},    {"get", "endpoints"},
                                                       {"get", "connections"}, {"explain", "a/b"},
                                                       {"top", "--once"},      {"set", "log-level", "4"}};
  for (const auto& command : commands) {
    err_.str("");
    EXPECT_EQ(run(command), 1) << command[0];
    EXPECT_THAT(err_.str(), StartsWith("kube-ferry: no kube-ferry answers at " + path_ + " (No such file"));
  }
  EXPECT_EQ(out_.str(), "");
}

TEST_F(Command, HelpGoesToStandardOutput) {
  EXPECT_EQ(run({"top", "--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Usage: kube-ferry top"));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(Command, OutputThatCannotBeWrittenIsAFailure) {
  out_.setstate(std::ios::badbit);
  EXPECT_EQ(run({"get", "--help"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("could not be written to standard output"));
}

TEST_F(RunningCommand, GetAndExplainAskTheSocket) {
  EXPECT_EQ(run({"get", "services", "web"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("default     web"));
  EXPECT_EQ(run({"explain", "default/web:80"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("2 of 5 endpoints take new connections"));
  EXPECT_EQ(run({"explain", "default/wbe"}), 1);
  EXPECT_EQ(err_.str(), "kube-ferry: there is no service default/wbe; did you mean default/web?\n");
}

TEST_F(RunningCommand, TopOncePrintsOneTable) {
  EXPECT_EQ(run({"top", "--once", "--sort", "open"}), 0);
  EXPECT_EQ(out_.str(),
            "open 3  conn/s 1.5  fail/s 0.2  bytes/s 2.0K  p99 1.1ms  ejected 1  unserved 0\n"
            "NAMESPACE     NAME   PORT       ADDRESS            ENDPOINTS   OPEN   CONN/S   FAIL/S   BYTES/S\n"
            "default       web    http/TCP   10.96.0.10:80 +1   2/3            3      1.5      0.2      2.0K\n"
            "default       db     5432/TCP   10.96.0.11:5432    0/0            0      0.0      0.0         0\n"
            "kube-system   dns    dns/UDP    10.96.0.12:53      2/2            0     40.2      0.0         0\n");
}

TEST_F(RunningCommand, TopWithoutATerminalPointsToBatch) {
  // ctest's standard output is a pipe or a file.
  if (isatty(STDOUT_FILENO) != 0) GTEST_SKIP() << "standard output is a terminal";
  EXPECT_EQ(run({"top"}), 1);
  EXPECT_EQ(err_.str(),
            "kube-ferry: top draws on a terminal, and its output is none; print tables instead with --batch, or one "
            "with --once\n");
}

}  // namespace
}  // namespace ferry::cli
