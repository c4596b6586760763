#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/echo_server.h"
#include "tests/e2e/eventually.h"
#include "tests/proxy/daemon/running_daemon.h"
#include "tests/support/notify_socket.h"

namespace ferry::testing {
namespace {

/// A stand-in for systemd that keeps descriptors, and hands them to the process that it starts next; with each way of
/// capture.
class Kept : public ::testing::Test, public ::testing::WithParamInterface<const char*> {
 protected:
  Kept()
      : backend_("a", {boost::asio::ip::make_address(block_.pod_address(1)), 0}),
        service_(free_service_address(block_)) {
    write(true);
  }
  void SetUp() override {
    if (std::string(GetParam()) == "sk_lookup" && ::getuid() != 0) {
      GTEST_SKIP() << "capture by sk_lookup is for root alone";
    }
  }

  void write(bool with_service) {
    const Manifest manifest{service_.address().to_string(), service_.port(), {backend_.endpoint()}};
    file_ = folder_.write("services.yaml", with_service ? manifest.to_yaml() : "");
  }

  std::unique_ptr<ChildProcess> start() {
    std::vector<std::string> names;
    std::vector<int> descriptors;
    for (const auto& [name, kept] : store_) {
      for (const proxy::UniqueFd& fd : kept) {
        names.push_back(name);
        descriptors.push_back(fd.get());
      }
    }
    std::vector<std::string> command{"/bin/sh", "-c", "LISTEN_PID=$$ exec \"$0\" \"$@\""};
    for (std::string& word :
         kube_ferry({"--source-file", file_, "--service-cidr", block_.service_range(), "--capture", GetParam(),
                     "--healthz-bind-address", "127.0.0.1:0", "--metrics-bind-address=", "--admin-socket="})) {
      command.push_back(std::move(word));
    }
    return std::make_unique<ChildProcess>(
        command,
        std::vector<std::string>{"NOTIFY_SOCKET=" + systemd_.address(), fmt::format("LISTEN_FDS={}", names.size()),
                                 fmt::format("LISTEN_FDNAMES={}", fmt::join(names, ":"))},
        descriptors);
  }

  /// Does what it is told, until it keeps something under the name, or nothing any more.
  void keep_until(const std::string& prefix, bool kept) {
    const auto has = [&] {
      const auto found = store_.lower_bound(prefix);
      return found != store_.end() && found->first.starts_with(prefix);
    };
    while (has() != kept) {
      NotifySocket::Message message = systemd_.receive();
      const std::size_t at = message.text.find("FDNAME=");
      if (at == std::string::npos) continue;
      const std::string name = message.text.substr(at + 7, message.text.find('\n', at) - at - 7);
      if (message.has("FDSTOREREMOVE=1")) store_.erase(name);
      for (const int fd : std::exchange(message.descriptors, {})) store_[name].emplace_back(fd);
    }
  }

  AddressBlock block_;
  TemporaryFolder folder_;
  std::string file_;
  EchoServer backend_;
  boost::asio::ip::tcp::endpoint service_;
  NotifySocket systemd_;
  std::map<std::string, std::vector<proxy::UniqueFd>> store_;
};

TEST_P(Kept, AfterACrashConnectionsWaitForTheNextProcessInsteadOfBeingRefused) {
  const std::string kept = std::string(GetParam()) == "bind" ? "address-" : "link";
  auto daemon = start();
  keep_until(kept, true);
  keep_until("page", true);
  const std::string health = daemon->wait_for_output("serving health on (http://[^\n]*)\n");
  eventually("the service is there", [&] { return call(service_).ok(); });
  for (int crash = 0; crash < 3; ++crash) {
    daemon->kill();
    boost::asio::io_context loop;
    boost::asio::ip::tcp::socket early(loop);
    early.connect(service_);
    daemon = start();
    daemon->wait_for_output("took up [0-9]+ sockets that the service manager had kept");
    boost::asio::streambuf greeting;
    boost::asio::read_until(early, greeting, '\n');
    EXPECT_EQ(call(service_).name, "a");
    EXPECT_EQ(daemon->wait_for_output("serving health on (http://[^\n]*)\n"), health);
    eventually("the probes say so", [&] { return http("GET", health).status == 200; });
    store_.erase("page");
    keep_until("page", true);
  }
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->wait(), 0);
}

TEST_P(Kept, ARestartRefusesNobody) {
  auto daemon = start();
  keep_until("page", true);
  eventually("the service is there", [&] { return call(service_).ok(); });
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->wait(), 0);
  boost::asio::io_context loop;
  boost::asio::ip::tcp::socket early(loop);
  early.connect(service_);
  daemon = start();
  boost::asio::streambuf greeting;
  boost::asio::read_until(early, greeting, '\n');
  EXPECT_GT(greeting.size(), 0U);
}

class KeptLink : public Kept {};

TEST_P(KeptLink, OneThatCannotBeMovedIsDoneWithout) {
  store_["link"].emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto daemon = start();
  daemon->wait_for_output("took up 1 sockets that the service manager had kept");
  EXPECT_EQ(call(service_).name, "a");
}

TEST_P(Kept, WhatIsServedNoMoreIsNotKept) {
  const auto daemon = start();
  keep_until("page", true);
  if (std::string(GetParam()) == "bind") keep_until("address-", true);
  write(false);
  keep_until("address-", false);
  store_.clear();
  eventually("connections are refused", [&] { return call(service_).error == "connect: Connection refused"; });
}

INSTANTIATE_TEST_SUITE_P(Capture, KeptLink, ::testing::Values("sk_lookup"),
                         [](const auto& capture) { return std::string(capture.param); });
INSTANTIATE_TEST_SUITE_P(Capture, Kept, ::testing::Values("sk_lookup", "bind"),
                         [](const auto& capture) { return std::string(capture.param); });

}  // namespace
}  // namespace ferry::testing
