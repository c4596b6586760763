#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/preflight/address_findings.h"
#include "proxy/preflight/host_findings.h"
#include "proxy/preflight/processes.h"
#include "proxy/relay/unique_fd.h"
#include "tests/support/temporary_folder.h"

namespace ferry::proxy {
namespace {

namespace fs = std::filesystem;
using ferry::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using Level = Finding::Level;

/// A procfs that a test writes.
class FakeProc {
 public:
  FakeProc() { write("net/tcp", kHead); }

  const fs::path& path() const { return folder_.path(); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path() / name).parent_path());
    std::ofstream(path() / name) << text;
  }
  void process(int pid, const std::string& name, const std::string& descriptor) const {
    const std::string own = std::to_string(pid);
    write(own + "/comm", name + "\n");
    fs::create_directories(path() / own / "fd");
    fs::create_symlink(descriptor, path() / own / "fd" / "3");
  }

  static constexpr const char* kHead = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n";

 private:
  TemporaryFolder folder_;
};

TEST(Processes, AreFoundByTheirWholeName) {
  const FakeProc proc;
  proc.process(30, "kube-proxy", "/dev/null");
  proc.process(4, "kube-proxy", "/dev/null");
  proc.process(5, "kube-proxy-x", "/dev/null");
  EXPECT_THAT(find_processes("kube-proxy", proc.path()),
              ElementsAre(Process{4, "kube-proxy"}, Process{30, "kube-proxy"}));
  EXPECT_THAT(find_processes("haproxy", proc.path()), IsEmpty());
  EXPECT_THAT(find_processes("kube-proxy", proc.path() / "none"), IsEmpty());
}

TEST(Processes, TheOneThatListensIsToldFromThoseThatAreConnected) {
  const FakeProc proc;
  // 10256 is 2810: a listener, and a connection of the same local port.
  proc.write("net/tcp6", std::string(FakeProc::kHead) +
                             "   0: 00000000000000000000000000000000:2810 00000000000000000000000000000000:0000 0A "
                             "00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0\n"
                             "   1: 00000000000000000000000000000000:2810 00000000000000000000000000000000:9999 01 "
                             "00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0\n");
  proc.process(7, "client", "socket:[4712]");
  proc.process(8, "kube-proxy", "socket:[4711]");
  EXPECT_THAT(find_listener(10256, proc.path()), Optional(Process{8, "kube-proxy"}));
  EXPECT_EQ(find_listener(10249, proc.path()), std::nullopt);
}

TEST(Processes, AListenerThatNobodySeenHasIsNone) {
  const FakeProc proc;
  proc.write("net/tcp",
             std::string(FakeProc::kHead) +
                 "   0: 00000000:2810 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
                 "4711 1 0000000000000000 100 0\n");
  EXPECT_EQ(find_listener(10256, proc.path()), std::nullopt);
}

TEST(Addresses, ATakenOneIsToldWithWhoHasIt) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  socklen_t size = sizeof(address);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);

  const boost::asio::ip::tcp::endpoint taken(boost::asio::ip::address_v4::loopback(), ntohs(address.sin_port));
  const AddressAttempt attempt = try_address("--metrics-bind-address", taken);
  EXPECT_EQ(attempt.error, EADDRINUSE);
  ASSERT_TRUE(attempt.holder);
  EXPECT_EQ(attempt.holder->pid, ::getpid());
  EXPECT_EQ(try_address("", {boost::asio::ip::address_v4::loopback(), 0}).error, 0);
  EXPECT_EQ(try_address("", {boost::asio::ip::make_address("192.0.2.1"), 0}).error, EADDRNOTAVAIL);
}

TEST(Sockets, TheFolderMustBeThereUnlessTheDaemonMakesIt) {
  const TemporaryFolder folder;
  const std::string deep = (folder.path() / "a/b/admin.sock").string();
  EXPECT_EQ(try_socket(deep, true).error, ENOENT);
  EXPECT_EQ(try_socket(deep, false).error, 0);
  EXPECT_EQ(try_socket((folder.path() / "admin.sock").string(), true).error, 0);
  EXPECT_EQ(try_socket((folder.path() / std::string(120, 'a')).string(), true).error, ENAMETOOLONG);
  EXPECT_EQ(try_socket(folder.write("file", "") + "/admin.sock", true).error, ENOTDIR);
  EXPECT_FALSE(fs::exists(folder.path() / "a"));
}

TEST(Files, MustBeReadableOrWritable) {
  const TemporaryFolder folder;
  const std::string there = folder.write("there", "");
  const std::string missing = (folder.path() / "missing").string();
  EXPECT_EQ(check_readable("--source-file", there)[0].level, Level::kOk);
  EXPECT_EQ(check_readable("--source-file", missing)[0].found,
            "--source-file " + missing + ": No such file or directory");
  EXPECT_EQ(check_writable("--access-log", missing)[0].level, Level::kOk);
  EXPECT_EQ(check_writable("--access-log", missing + "/log")[0].level, Level::kError);
  EXPECT_THAT(check_writable("--access-log", "-"), IsEmpty());
  EXPECT_FALSE(fs::exists(missing));
}

TEST(KernelFacts, AreReadFromProcfs) {
  const FakeProc proc;
  proc.write("self/status", "Name:\tx\nCapEff:\t0000000000001400\nSeccomp:\t0\n");
  proc.write("sys/net/ipv6/conf/all/disable_ipv6", "1\n");
  proc.write("sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
  proc.write("sys/net/ipv4/tcp_tw_reuse", "2\n");
  proc.write("sys/net/ipv4/ip_unprivileged_port_start", "80\n");
  const KernelFacts facts = read_kernel_facts(proc.path());
  EXPECT_TRUE(facts.may(10));
  EXPECT_TRUE(facts.may(12));
  EXPECT_FALSE(facts.may(13));
  EXPECT_FALSE(facts.ipv6);
  EXPECT_EQ(facts.local_ports, (std::pair<unsigned, unsigned>{32768, 60999}));
  EXPECT_EQ(facts.port_reuse, "2");
  EXPECT_TRUE(facts.port_reuse_writable);
  EXPECT_EQ(facts.first_free_port, 80U);
  EXPECT_TRUE(facts.splice);
  EXPECT_TRUE(facts.freebind);
}

TEST(LimitFacts, TheCgroupsLimitCountsWhereItIsLess) {
  const FakeProc proc;
  proc.write("meminfo", "MemTotal:       2000 kB\nMemAvailable:    1000 kB\n");
  const TemporaryFolder cgroup;
  EXPECT_THAT(read_limit_facts(proc.path(), cgroup.path()).memory, Optional(1024000U));
  cgroup.write("memory.max", "max\n");
  cgroup.write("memory.current", "100\n");
  EXPECT_THAT(read_limit_facts(proc.path(), cgroup.path()).memory, Optional(1024000U));
  cgroup.write("memory.max", "5000\n");
  EXPECT_THAT(read_limit_facts(proc.path(), cgroup.path()).memory, Optional(4900U));
  // A unit of systemd's has one of its own.
  proc.write("self/cgroup", "0::/system.slice/kube-ferry.service\n");
  EXPECT_THAT(read_limit_facts(proc.path(), cgroup.path()).memory, Optional(4900U));
  const fs::path own = cgroup.path() / "system.slice/kube-ferry.service";
  fs::create_directories(own);
  std::ofstream(own / "memory.max") << 3000;
  std::ofstream(own / "memory.current") << 1000;
  EXPECT_THAT(read_limit_facts(proc.path(), cgroup.path()).memory, Optional(2000U));
  EXPECT_GT(read_limit_facts().descriptors, 0U);
}

}  // namespace
}  // namespace ferry::proxy
