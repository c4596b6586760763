#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>

#include "tests/e2e/echo_client.h"
#include "tests/e2e/echo_server.h"
#include "tests/e2e/eventually.h"
#include "tests/proxy/daemon/running_daemon.h"

namespace ferry::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// kube-ferry by a --config file, in front of a backend called "a".
class Reload : public ::testing::Test {
 protected:
  Reload()
      : backend_("a", {boost::asio::ip::make_address(block_.pod_address(1)), 0}),
        service_(free_service_address(block_)),
        services_(folder_.write(
            "services.yaml",
            Manifest{service_.address().to_string(), service_.port(), {backend_.endpoint()}}.to_yaml())) {}

  /// `kube_proxys` and `own`: fields of the two objects, one a line.
  std::string configure(const std::string& kube_proxys, const std::string& own = "",
                        const std::string& name = "config") {
    return folder_.write(name, text(kube_proxys, own));
  }
  static std::string text(const std::string& kube_proxys, const std::string& own) {
    return "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n" + kube_proxys +
           "\n---\napiVersion: kube-ferry.io/v1alpha1\nkind: KubeFerryConfiguration\n" + own + "\n";
  }

  std::vector<std::string> flags(const std::string& config) const {
    return {"--config=" + config, "--source-file=" + services_, "--service-cidr=" + block_.service_range(),
            "--hostname-override=node-1", "--admin-socket=" + socket()};
  }
  std::string socket() const { return (folder_.path() / "admin.sock").string(); }

  static json in_force(const RunningDaemon& daemon, const std::string& group, const std::string& field) {
    return json::parse(daemon.metrics("/configz").body)[group].value(json::json_pointer("/" + field), json());
  }
  static json own(const RunningDaemon& daemon, const std::string& field) {
    return in_force(daemon, "kube-ferry.io", field);
  }
  static json kube_proxys(const RunningDaemon& daemon, const std::string& field) {
    return in_force(daemon, "kubeproxy.config.k8s.io", field);
  }
  static bool has_metric(const RunningDaemon& daemon, const std::string& line) {
    return ("\n" + daemon.metrics("/metrics").body).find("\n" + line + "\n") != std::string::npos;
  }
  Finished ask(std::vector<std::string> words) const {
    words.push_back("--socket=" + socket());
    return run(kube_ferry(std::move(words)));
  }

  AddressBlock block_;
  TemporaryFolder folder_;
  EchoServer backend_;
  boost::asio::ip::tcp::endpoint service_;
  std::string services_;
};

TEST_F(Reload, AChangedFileIsTakenWithoutBeingAsked) {
  RunningDaemon daemon(flags(configure("clusterCIDR: 10.1.0.0/16", "deadPeerTimeout: 20s")));
  daemon.wait_until_healthy();
  configure("clusterCIDR: 10.2.0.0/16\nlogging: {verbosity: 4}", "deadPeerTimeout: 40s\nmetricsEndpoints: 0");
  EXPECT_THAT(daemon.process().wait_for_output("read again; changed: (.*)\n"),
              "--cluster-cidr, --dead-peer-timeout, --metrics-endpoints, --v");
  EXPECT_EQ(kube_proxys(daemon, "clusterCIDR"), "10.2.0.0/16");
  EXPECT_EQ(kube_proxys(daemon, "logging/verbosity"), 4);
  EXPECT_EQ(own(daemon, "deadPeerTimeout"), "40s");
  EXPECT_EQ(call(service_).name, "a");
  EXPECT_THAT(daemon.metrics("/metrics").body, Not(HasSubstr("endpoint=\"")));
  EXPECT_TRUE(has_metric(daemon, "kube_ferry_last_reload_successful 1"));
}

TEST_F(Reload, AConfigMapThatAKubeletSwapsIsTaken) {
  const auto publish = [&](const std::string& version, const std::string& own_fields) {
    fs::create_directory(folder_.path() / version);
    folder_.write(version + "/config", text("", own_fields));
    fs::create_directory_symlink(version, folder_.path() / "..data_tmp");
    fs::rename(folder_.path() / "..data_tmp", folder_.path() / "..data");
  };
  publish("..1", "shutdownGrace: 1s");
  fs::create_symlink("..data/config", folder_.path() / "config");
  RunningDaemon daemon(flags((folder_.path() / "config").string()));
  daemon.wait_until_healthy();
  publish("..2", "shutdownGrace: 2s");
  daemon.process().wait_for_output("changed: --shutdown-grace\n");
  publish("..3", "shutdownGrace: 3s");
  eventually("the third is in force", [&] { return own(daemon, "shutdownGrace") == "3s"; });
}

TEST_F(Reload, ABrokenFileIsToldWithItsLineAndCountedAndChangesNothing) {
  RunningDaemon daemon(flags(configure("clusterCIDR: 10.1.0.0/16", "deadPeerTimeout: 20s")));
  daemon.wait_until_healthy();
  configure("clusterCIDR: 10.2.0.0/16", "deadPeerTimeout: soon");
  EXPECT_THAT(daemon.process().wait_for_output("error kube-ferry: (.*)\n"),
              AllOf(HasSubstr("config:7: deadPeerTimeout must be a duration such as 30s, not 'soon'"),
                    HasSubstr("; the former settings stay in force")));
  EXPECT_EQ(kube_proxys(daemon, "clusterCIDR"), "10.1.0.0/16");
  EXPECT_EQ(own(daemon, "deadPeerTimeout"), "20s");
  EXPECT_FALSE(has_metric(daemon, "kube_ferry_reloads_total{result=\"failure\"} 0"));
  EXPECT_TRUE(has_metric(daemon, "kube_ferry_last_reload_successful 0"));
  EXPECT_EQ(call(service_).name, "a");
  // A file that is gone for a moment is no reason to forget what it said, either.
  fs::remove(folder_.path() / "config");
  daemon.process().wait_for_output("the configuration cannot be read");
  configure("", "deadPeerTimeout: 50s");
  eventually("a good file is taken again", [&] { return own(daemon, "deadPeerTimeout") == "50s"; });
  EXPECT_TRUE(has_metric(daemon, "kube_ferry_last_reload_successful 1"));
}

TEST_F(Reload, WhatCannotChangeIsNamedFieldByFieldAndTheRestIsTaken) {
  RunningDaemon daemon(flags(configure("healthzBindAddress: 127.0.0.1:1", "capture: auto")));
  daemon.wait_until_healthy();
  configure("", "capture: bind\nproxyProtocolFrom: [10.9.0.0/16]\nserverAPIVersion: v1beta1");
  daemon.process().signal(SIGHUP);
  daemon.process().wait_for_output("SIGHUP: --capture has another value, which needs a restart");
  daemon.process().wait_for_output("SIGHUP: --api-version has another value, which needs a restart");
  eventually("the rest is in force", [&] { return own(daemon, "proxyProtocolFrom") == json{"10.9.0.0/16"}; });
  EXPECT_EQ(own(daemon, "capture"), "auto");
  EXPECT_THAT(daemon.process().output(), Not(HasSubstr("--healthz-bind-address has another"))) << "a flag counts more";
}

TEST_F(Reload, NodePortsMoveToTheAddressesThatAreAskedForNow) {
  boost::asio::io_context loop;
  const auto node_port =
      boost::asio::ip::tcp::acceptor(loop, {boost::asio::ip::address_v4::loopback(), 0}).local_endpoint();
  std::string manifest = content_of(services_);
  manifest.replace(manifest.find("{clusterIP"), 1, "{type: NodePort, ");
  manifest.insert(manifest.find("}]}", manifest.find("ports: [{port")),
                  fmt::format(", nodePort: {}", node_port.port()));
  folder_.write("services.yaml", manifest);
  RunningDaemon daemon(flags(configure("nodePortAddresses: [192.0.2.0/24]")));
  daemon.wait_until_healthy();
  EXPECT_FALSE(call(node_port).ok());
  configure("nodePortAddresses: [127.0.0.0/8]");
  eventually("an answer at the node port", [&] { return call(node_port).name == "a"; });
  configure("nodePortAddresses: [192.0.2.0/24]");
  eventually("a refusal at the node port", [&] { return !call(node_port).ok(); });
}

TEST_F(Reload, TheGraceThatIsInForceAtTheEndCounts) {
  RunningDaemon daemon(flags(configure("", "shutdownGrace: 10m")));
  daemon.wait_until_healthy();
  EchoConnection carried(service_);
  configure("", "shutdownGrace: 0s");
  daemon.process().wait_for_output("changed: --shutdown-grace");
  daemon.process().signal(SIGTERM);
  EXPECT_EQ(daemon.process().wait(), 0);
}

TEST_F(Reload, ASighupOpensTheAccessLogAnewForLogrotate) {
  const std::string log = (folder_.path() / "access.log").string();
  RunningDaemon daemon(flags(configure("", "accessLog: " + log)));
  daemon.wait_until_healthy();
  EXPECT_TRUE(call(service_).ok());
  eventually("a line", [&] { return !content_of(log).empty(); });
  fs::rename(log, log + ".1");
  daemon.process().signal(SIGHUP);
  daemon.process().wait_for_output("SIGHUP: read again; nothing that can change at run time has changed");
  EXPECT_TRUE(call(service_).ok());
  eventually("a line in the new file", [&] { return !content_of(log).empty(); });
  const std::string former = content_of(log + ".1");
  EXPECT_EQ(std::count(former.begin(), former.end(), '\n'), 1);
}

TEST_F(Reload, AnAccessLogCanBeginAndEnd) {
  const std::string log = (folder_.path() / "access.log").string();
  RunningDaemon daemon(flags(configure("")));
  daemon.wait_until_healthy();
  configure("", "accessLog: " + log);
  daemon.process().wait_for_output("changed: --access-log");
  eventually("a line", [&] { return call(service_).ok() && !content_of(log).empty(); });
  EXPECT_THAT(daemon.metrics("/metrics").body, HasSubstr("\nkube_ferry_access_log_lines_total "));
  configure("", "accessLog: /proc/no/such/file");
  daemon.process().wait_for_output("--access-log /proc/no/such/file: .*the former settings stay in force");
  EXPECT_EQ(own(daemon, "accessLog"), log);
}

TEST_F(Reload, SignalsTurnTheLogUpAndDown) {
  RunningDaemon daemon(flags(configure("")));
  daemon.wait_until_healthy();
  daemon.process().signal(SIGUSR1);
  daemon.process().wait_for_output("SIGUSR1: --v is 4 now");
  EXPECT_EQ(kube_proxys(daemon, "logging/verbosity"), 4);
  daemon.process().signal(SIGUSR1);
  daemon.process().wait_for_output("SIGUSR1: --v is 6 now");
  daemon.process().signal(SIGUSR2);
  daemon.process().wait_for_output("SIGUSR2: --v is 4 now");
  // A file that says nothing of it does not undo it; one that does, does.
  configure("", "shutdownGrace: 1s");
  daemon.process().wait_for_output("changed: --shutdown-grace");
  EXPECT_EQ(kube_proxys(daemon, "logging/verbosity"), 4);
  configure("logging: {verbosity: 1}");
  eventually("the file's verbosity", [&] { return kube_proxys(daemon, "logging/verbosity") == 1; });
}

TEST_F(Reload, TheLogLevelIsSetAtTheAdministrationSocketAlone) {
  RunningDaemon daemon(flags(configure("")));
  daemon.wait_until_healthy();
  const Finished set = ask({"set", "log-level", "6"});
  EXPECT_EQ(set.output, "log level 6, was 2\n");
  EXPECT_EQ(set.status, 0);
  EXPECT_EQ(daemon.metrics("/api/log-level").body, "{\"logLevel\":6}\n");
  daemon.process().wait_for_output("asked at the administration socket: --v is 6 now");
  // What is told at that level alone.
  configure("", "# the same");
  daemon.process().wait_for_output("debug kube-ferry: .*read again; no option has changed");

  const Finished wrong = ask({"set", "log-level", "11"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.output, "kube-ferry: set log-level 11: give a whole number from 0 to 10\n");
  const Finished by_curl =
      run({"curl", "-sS", "-X", "PUT", "--data", "much", "--unix-socket", socket(), "http://localhost/api/log-level"});
  EXPECT_EQ(by_curl.output, "{\"error\":\"the body must be a whole number from 0 to 10\"}\n");

  EXPECT_EQ(http("PUT", daemon.metrics_url() + "/api/log-level", "9").status, 405);
  EXPECT_EQ(daemon.metrics("/api/log-level").body, "{\"logLevel\":6}\n");
  struct stat status {};
  ASSERT_EQ(::stat(socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Reload, LinesCanBeJsonFromTheStartAndFromNowOn) {
  RunningDaemon daemon(flags(configure("logging: {format: json}")));
  EXPECT_EQ(daemon.process().wait_for_output("\"level\":\"info\",\"logger\":\"admin\",\"msg\":\"(serving health)"),
            "serving health");
  const std::string output = daemon.process().output();
  std::istringstream lines(output.substr(0, output.rfind('\n') + 1));
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(json::accept(line)) << line;
  configure("logging: {format: text}");
  daemon.process().wait_for_output("info kube-ferry: .*changed: --log-format\n");
}

}  // namespace
}  // namespace ferry::testing
