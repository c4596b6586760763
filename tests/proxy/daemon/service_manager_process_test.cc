#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/fmt/fmt.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tests/e2e/echo_client.h"
#include "tests/e2e/echo_server.h"
#include "tests/e2e/eventually.h"
#include "tests/proxy/daemon/running_daemon.h"
#include "tests/support/notify_socket.h"

namespace ferry::testing {
namespace {

using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

/// One thread of another process, stopped while the others run.
class StoppedThread {
 public:
  explicit StoppedThread(pid_t thread) : thread_(thread) {
    if (ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) != 0 ||
        ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) != 0 || waitpid(thread_, nullptr, __WALL) != thread_) {
      throw std::runtime_error("a thread cannot be stopped: allow ptrace(2) of own children");
    }
  }
  ~StoppedThread() { ptrace(PTRACE_DETACH, thread_, nullptr, nullptr); }
  StoppedThread(const StoppedThread&) = delete;
  StoppedThread& operator=(const StoppedThread&) = delete;

 private:
  pid_t thread_;
};

pid_t thread_called(pid_t process, const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process))) {
    std::string found;
    std::getline(std::ifstream(task.path() / "comm"), found);
    if (found == name) return std::stoi(task.path().filename());
  }
  throw std::runtime_error("no thread is called " + name);
}

/// kube-ferry beside a stand-in for systemd, serving one Service from a file.
class Managed : public ::testing::Test {
 protected:
  Managed()
      : backend_("a", {boost::asio::ip::make_address(block_.pod_address(1)), 0}),
        service_(free_service_address(block_)) {
    write("");
  }

  void write(const std::string& more) {
    const Manifest manifest{service_.address().to_string(), service_.port(), {backend_.endpoint()}};
    file_ = folder_.write("services.yaml", manifest.to_yaml() + more);
  }
  std::vector<std::string> flags() const { return {"--source-file", file_, "--service-cidr", block_.service_range()}; }
  std::vector<std::string> environment(std::vector<std::string> more = {}) const {
    more.push_back("NOTIFY_SOCKET=" + systemd_.address());
    return more;
  }

  /// Has the control thread show how things stand once more: that there is one more Service.
  void go_round(const RunningDaemon& daemon) {
    more_ += fmt::format(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: more-{}, namespace: default}}\n"
        "spec: {{clusterIP: None}}\n",
        ++rounds_);
    write(more_);
    const std::string count = fmt::format("kube_ferry_store_objects{{kind=\"services\"}} {}", rounds_ + 1);
    eventually(count, [&] { return daemon.metrics("/metrics").body.find(count) != std::string::npos; });
  }

  AddressBlock block_;
  TemporaryFolder folder_;
  std::string file_;
  EchoServer backend_;
  boost::asio::ip::tcp::endpoint service_;
  NotifySocket systemd_;
  std::string more_;
  int rounds_ = 0;
};

TEST_F(Managed, IsReadyWhenItServes) {
  const RunningDaemon daemon(flags(), environment());
  const auto ready = systemd_.receive_until("READY=1");
  EXPECT_EQ(call(service_).name, "a");
  EXPECT_TRUE(ready.has("STATUS=serving 1 service, 1 port, 0 open connections")) << ready.text;
}

TEST_F(Managed, IsReadyAndSaysSoWhileTheApiServerDoesNotAnswer) {
  // Bound, but not listening: connections are refused, and nobody else takes the port.
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor nobody(loop, boost::asio::ip::tcp::v4());
  nobody.bind({boost::asio::ip::address_v4::loopback(), 0});
  const std::string server = fmt::format("http://127.0.0.1:{}", nobody.local_endpoint().port());
  const RunningDaemon daemon({"--master", server, "--service-cidr", block_.service_range()}, environment());
  EXPECT_THAT(systemd_.receive_until("READY=1").text,
              ContainsRegex("STATUS=waiting for the first state: (services|endpoint[a-z]*) of " + server + ": "));
  EXPECT_EQ(daemon.health("/healthz").status, 503);
}

TEST_F(Managed, TellsThatItEndsAndHowLongThatMayTake) {
  auto all_flags = flags();
  all_flags.insert(all_flags.end(), {"--shutdown-grace", "2m"});
  RunningDaemon daemon(std::move(all_flags), environment());
  systemd_.receive_until("READY=1");
  EchoConnection carried(service_);
  ASSERT_TRUE(carried.echo("before")) << carried.error();
  daemon.process().signal(SIGTERM);
  const auto stopping = systemd_.receive_until("STOPPING=1");
  EXPECT_TRUE(stopping.has("STATUS=taking no new connections; 1 open connection has to end within 2m"))
      << stopping.text;
  EXPECT_TRUE(stopping.has("EXTEND_TIMEOUT_USEC=135000000")) << stopping.text;
  EXPECT_TRUE(carried.finish()) << carried.error();
  EXPECT_EQ(daemon.process().wait(), 0);
}

TEST_F(Managed, TellsThatItReadsItsOptionsAgainWhateverComesOfIt) {
  const auto configure = [this](const std::string& fields) {
    return folder_.write("config", "apiVersion: kube-ferry.io/v1alpha1\nkind: KubeFerryConfiguration\n" + fields);
  };
  auto all_flags = flags();
  all_flags.push_back("--config=" + configure("shutdownGrace: 1s"));
  RunningDaemon daemon(std::move(all_flags), environment());
  systemd_.receive_until("READY=1");
  for (const char* const fields : {"shutdownGrace: 2s", "shutdownGrace: soon"}) {
    configure(fields);
    const auto reloading = systemd_.receive_until("RELOADING=1");
    EXPECT_THAT(reloading.text, ContainsRegex("MONOTONIC_USEC=[0-9]+"));
    systemd_.receive_until("READY=1");
  }
  EXPECT_EQ(call(service_).name, "a");
}

TEST_F(Managed, TheWatchdogStarvesWhileAWorkerIsStuck) {
  RunningDaemon daemon(flags(), environment({"WATCHDOG_USEC=80000"}));
  systemd_.receive_until("READY=1");
  systemd_.receive_until("WATCHDOG=1");
  {
    const StoppedThread worker(thread_called(daemon.process().pid(), "ferry-worker-0"));
    // What the worker did last is still told of.
    go_round(daemon);
    go_round(daemon);
    systemd_.take();
    go_round(daemon);
    go_round(daemon);
    EXPECT_THAT(systemd_.take(), Not(Contains(HasSubstr("WATCHDOG=1"))));
  }
  systemd_.receive_until("WATCHDOG=1");
}

TEST_F(Managed, GoesOnWithoutItsManager) {
  RunningDaemon daemon(flags(), {"NOTIFY_SOCKET=@kube-ferry-test-nobody-listens", "WATCHDOG_USEC=80000"});
  daemon.process().wait_for_output("the service manager cannot be told how things stand: Connection refused");
  EXPECT_EQ(call(service_).name, "a");
}

TEST_F(Managed, LogsAsTheJournalReadsIt) {
  auto command = kube_ferry(flags());
  command.insert(command.end(),
                 {"--workers=1", "--healthz-bind-address=", "--metrics-bind-address=", "--admin-socket="});
  command.insert(command.begin(),
                 {"bash", "-c", "JOURNAL_STREAM=$(stat -Lc %d:%i /dev/stderr) exec \"$@\"", "as-systemd-does"});
  ChildProcess daemon(std::move(command));
  EXPECT_EQ(daemon.wait_for_output("(?:^|\n)(.*synced: .*)\n"), "<6>kube-ferry: synced: 1 services, 1 service ports");
  daemon.signal(SIGHUP);
  daemon.wait_for_output("read again");
  daemon.signal(SIGUSR1);
  EXPECT_EQ(daemon.wait_for_output("(?:^|\n)(.*SIGUSR1: .*)\n"), "<6>kube-ferry: SIGUSR1: --v is 4 now");

  const Finished refused = run({"bash", "-c", "JOURNAL_STREAM=$(stat -Lc %d:%i /dev/stderr) exec \"$@\"",
                                "as-systemd-does", kube_ferry({}).front(), "--config", "/none"});
  EXPECT_EQ(refused.output.substr(0, 14), "<3>kube-ferry:") << refused.output;
}

}  // namespace
}  // namespace ferry::testing
