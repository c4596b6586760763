#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include "tests/e2e/echo_client.h"
#include "tests/e2e/echo_server.h"
#include "tests/e2e/eventually.h"
#include "tests/proxy/daemon/running_daemon.h"
#include "tests/support/own_mounts.h"

namespace ferry::testing {
namespace {

namespace fs = std::filesystem;

/// The series' value; -1 where there is none.
double metric_in(const std::string& page, const std::string& series) {
  const std::string text = "\n" + page;
  const std::size_t start = text.find("\n" + series + " ");
  return start == std::string::npos ? -1 : std::stod(text.substr(start + series.size() + 2));
}

/// kube-ferry at the bounds that docs/limits.md tells of.
class Limits : public ::testing::Test {
 protected:
  Limits()
      : backend_("a", {boost::asio::ip::make_address(block_.pod_address(1)), 0}),
        service_(free_service_address(block_)),
        services_(folder_.write("services.yaml", manifest())) {}

  std::string manifest() const {
    return Manifest{service_.address().to_string(), service_.port(), {backend_.endpoint()}}.to_yaml();
  }
  std::vector<std::string> flags(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--source-file=" + services_, "--service-cidr=" + block_.service_range()});
    return more;
  }

  AddressBlock block_;
  TemporaryFolder folder_;
  EchoServer backend_;
  boost::asio::ip::tcp::endpoint service_;
  std::string services_;
};

/// The daemon, its command line behind a program that changes what it may have.
class BoundDaemon {
 public:
  /// `log`: where its standard error goes; empty: it is the process' output.
  BoundDaemon(std::vector<std::string> before, std::vector<std::string> flags, const std::string& log = {})
      : log_(log), process_([&] {
          flags.insert(flags.end(), {"--workers=1", "--healthz-bind-address=", "--metrics-bind-address=127.0.0.1:0",
                                     "--admin-socket="});
          flags = kube_ferry(std::move(flags));
          before.insert(before.end(), flags.begin(), flags.end());
          return before;
        }()) {
    const std::string pattern = "serving metrics on (http://[0-9.]+:[0-9]+)";
    if (log_.empty()) {
      url_ = process_.wait_for_output(pattern);
      return;
    }
    eventually("the metrics' address in the log", [&] {
      const std::string text = content_of(log_);
      std::smatch match;
      if (!std::regex_search(text, match, std::regex(pattern + "/metrics\n"))) return false;
      url_ = match[1];
      return true;
    });
  }

  ChildProcess& process() { return process_; }
  double metric(const std::string& series) const { return metric_in(http("GET", url_ + "/metrics").body, series); }
  bool is_healthy() const { return http("GET", url_ + "/healthz").status == 200; }
  void wait_until_healthy() const {
    eventually("health", [this] { return is_healthy(); });
  }

 private:
  std::string log_;
  ChildProcess process_;
  std::string url_;
};

std::vector<std::string> in_shell(const std::string& script) { return {"sh", "-c", script + " exec \"$@\"", "sh"}; }

/// Whether this process, and what it starts, has CAP_SYS_RESOURCE, which some containers' root has not.
bool may_exceed_limits() {
  std::smatch match;
  const std::string status = content_of("/proc/self/status");
  if (!std::regex_search(status, match, std::regex("CapEff:\\s*([0-9a-f]+)"))) return false;
  return (std::stoull(match[1], nullptr, 16) >> unsigned{CAP_SYS_RESOURCE} & 1U) != 0;
}

TEST_F(Limits, TheDescriptorLimitIsRaisedAsFarAsAllowed) {
  const BoundDaemon unprivileged({"setpriv", "--bounding-set=-sys_resource", "prlimit", "--nofile=256:2048"}, flags());
  EXPECT_EQ(unprivileged.metric("process_max_fds"), 2048);

  double possible = 0;
  std::ifstream("/proc/sys/fs/nr_open") >> possible;
  const BoundDaemon by_inheritance({"prlimit", "--nofile=256:2048"}, flags());
  EXPECT_EQ(by_inheritance.metric("process_max_fds"), may_exceed_limits() ? std::min(possible, 1048576.0) : 2048);
}

/// Leaves no room for another byte of the file, nor of any other.
void fill(const fs::path& disk, const fs::path& file) {
  for (const fs::path& filled : {disk / "ballast", file}) {
    const proxy::UniqueFd fd(::open(filled.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    for (const std::size_t piece : {std::size_t{4096}, std::size_t{1}}) {
      const std::string zeros(piece, '.');
      while (::write(fd.get(), zeros.data(), zeros.size()) > 0) {
      }
    }
  }
}

/// Runs it on a thread that has a small disk of its own at the folder.
void with_small_disk(const fs::path& folder, const std::function<void()>& body) {
  fs::create_directory(folder);
  std::async(std::launch::async, [&] {
    enter_own_mounts();
    mount_small_disk(folder, std::size_t{256} << 10U);
    body();
  }).get();
}

/// What a process has mapped of files, in bytes (proc_pid_status(5)).
std::size_t mapped_of_files(pid_t pid) {
  const std::string status = content_of(fmt::format("/proc/{}/status", pid));
  const std::string field = "RssFile:";
  return std::stoul(status.substr(status.find(field) + field.size())) * 1024;
}

TEST_F(Limits, WhatOnlyTheStartNeededOfTheProgramIsLetGoOf) {
  RunningDaemon daemon(flags());
  daemon.wait_until_healthy();
  const auto half_the_program = fs::file_size(kube_ferry({}).front()) / 2;
  eventually("less mapped than half the program, libraries included",
             [&] { return mapped_of_files(daemon.process().pid()) < half_the_program; });
  EXPECT_EQ(call(service_).name, "a");
}

TEST_F(Limits, AFullDiskUnderTheLogCostsLinesAndNothingElse) {
  const fs::path disk = folder_.path() / "disk";
  with_small_disk(disk, [&] {
    const std::string log = disk / "log";
    BoundDaemon daemon(in_shell("exec 2>>" + log + ";"), flags(), log);
    daemon.wait_until_healthy();
    fill(disk, log);
    daemon.process().signal(SIGHUP);
    eventually("a lost line is counted",
               [&] { return daemon.metric("kube_ferry_log_lines_dropped_total{reason=\"lost\"}") > 0; });
    EXPECT_TRUE(daemon.is_healthy());
    EXPECT_EQ(call(service_).name, "a");
    fs::remove(disk / "ballast");
    daemon.process().signal(SIGHUP);
    eventually("the log tells of it", [&] {
      return content_of(log).find("lines of this log were lost: they could not be written") != std::string::npos;
    });
  });
}

TEST_F(Limits, AFullDiskUnderTheAccessLogCostsLinesAndNothingElse) {
  const fs::path disk = folder_.path() / "disk";
  with_small_disk(disk, [&] {
    const std::string log = disk / "access.log";
    BoundDaemon daemon({}, flags({"--access-log=" + log}));
    daemon.wait_until_healthy();
    ASSERT_TRUE(call(service_).ok());
    eventually("a line", [&] { return !content_of(log).empty(); });
    fill(disk, log);
    EXPECT_EQ(call_times(service_, 5).failed, 0U);
    daemon.process().wait_for_output("the access log cannot be written, lines are lost: No space left on device");
    eventually("five lost lines", [&] { return daemon.metric("kube_ferry_access_log_lines_dropped_total") == 5; });
    fs::remove(disk / "ballast");
    EXPECT_TRUE(call(service_).ok());
    daemon.process().wait_for_output("the access log is written again; 5 lines were lost");
  });
}

/// A control group of the test's own, of either version, whose processes may have so much memory.
class MemoryGroup {
 public:
  explicit MemoryGroup(std::size_t bytes) {
    std::ifstream mounts("/proc/self/mounts");
    std::string device;
    std::string place;
    std::string type;
    std::string options;
    for (std::string rest; mounts >> device >> place >> type >> options && std::getline(mounts, rest);) {
      const bool two =
          type == "cgroup2" && content_of(place + "/cgroup.controllers").find("memory") != std::string::npos;
      const bool one = type == "cgroup" && ("," + options + ",").find(",memory,") != std::string::npos;
      if (!one && !two) continue;
      if (two) std::ofstream(place + "/cgroup.subtree_control") << "+memory";
      folder_ = fs::path(place) / ("kube-ferry-test-" + std::to_string(::getpid()));
      fs::create_directory(folder_);
      std::ofstream(folder_ / (two ? "memory.max" : "memory.limit_in_bytes")) << bytes;
      if (two) std::ofstream(folder_ / "memory.swap.max") << 0;
      return;
    }
    throw std::runtime_error(
        "needs a control group for memory, of version 1 or 2, and the right to make one: run as root");
  }
  ~MemoryGroup() {
    std::error_code ignored;
    fs::remove(folder_, ignored);
  }
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;

  /// What a shell does to join it.
  std::string join() const { return "echo $$ >" + (folder_ / "cgroup.procs").string() + ";"; }

 private:
  fs::path folder_;
};

TEST_F(Limits, BeyondItsGroupsMemoryTheKernelEndsItAndTheNextStartServes) {
  constexpr std::size_t kMemory = std::size_t{48} << 20U;
  const MemoryGroup group(kMemory);
  {
    BoundDaemon daemon(in_shell(group.join()), flags());
    daemon.wait_until_healthy();
    EXPECT_EQ(daemon.metric("kube_ferry_cgroup_memory_limit_bytes"), static_cast<double>(kMemory));
    EXPECT_GT(daemon.metric("kube_ferry_cgroup_memory_usage_bytes"), 0);
    EXPECT_EQ(daemon.metric("kube_ferry_cgroup_oom_kills_total"), 0);
    EXPECT_EQ(call(service_).name, "a");
    std::string cluster = manifest();
    for (int i = 0; i < 50'000; ++i) {
      cluster += fmt::format(
          "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{}, namespace: default}}\n"
          "spec: {{clusterIP: None, ports: [{{port: 80}}]}}\n",
          i);
    }
    folder_.write("services.yaml", cluster);
    EXPECT_EQ(daemon.process().wait(), 128 + SIGKILL);
  }
  folder_.write("services.yaml", manifest());
  const BoundDaemon daemon(in_shell(group.join()), flags());
  daemon.wait_until_healthy();
  EXPECT_EQ(call(service_).name, "a");
  EXPECT_EQ(daemon.metric("kube_ferry_cgroup_oom_kills_total"), 1);
}

}  // namespace
}  // namespace ferry::testing
