#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include "tests/e2e/address_block.h"
#include "tests/e2e/api.h"
#include "tests/e2e/child_process.h"
#include "tests/e2e/echo_server.h"
#include "tests/e2e/http_client.h"
#include "tests/e2e/objects.h"

namespace ferry::testing {

/// A cluster of one node for one test: the API server's and the proxy's real binaries, and backends in this process
/// that are known to the API server as pods. Everything is on loopback and ends with the test.
class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest();
  ~ClusterTest() override;

  /// Starts kube-ferry-apiserver with its controllers and one node.
  void start_api_server(const std::vector<std::string>& flags = {});
  /// SIGKILL, as a crash.
  void kill_api_server();
  /// Starts it again at the same address, knowing what the file says.
  void restart_api_server(const std::string& seed_file, const std::vector<std::string>& flags = {});
  const Api& api() const { return api_; }
  ChildProcess& api_server() { return *api_server_; }

  /// What start_proxy() starts, in the place of this build's kube-ferry: a path to it, for instance.
  void set_proxy_program(std::string path) { proxy_program_ = std::move(path); }
  /// Starts kube-ferry against the API server.
  void start_proxy(const std::vector<std::string>& flags = {});
  ChildProcess& proxy() { return *proxy_; }
  /// Another kube-ferry, told the same as the one that runs, and this.
  std::unique_ptr<ChildProcess> start_another_proxy(const std::vector<std::string>& flags = {}) const;
  /// From now on this is the proxy; gives the one before. Its pages are where they were.
  std::unique_ptr<ChildProcess> exchange_proxy(std::unique_ptr<ChildProcess> other);
  /// A page at the proxy's address for metrics, which has the probes too.
  HttpReply page(const std::string& path) const { return http("GET", metrics_url_ + path); }
  std::string metrics() const;
  /// The value of one time series as /metrics writes it, such as `name{label="x"}`; 0 when it is not there.
  double metric(const std::string& series) const;

  /// Creates a service with the pods labelled app=NAME behind it, and gives its address.
  boost::asio::ip::tcp::endpoint create_service(const std::string& name);
  /// Starts a backend and makes it known as a pod that is ready. Its name is the pod's.
  EchoServer& add_pod(const std::string& name, const std::string& app);
  /// Deletes the pod's object; its backend still answers.
  void delete_pod(const std::string& name) const { api_.remove(kPods + "/" + name); }
  /// Deletes the pod, then stops its backend.
  void remove_pod(const std::string& name);
  EchoServer& backend(const std::string& name) { return *backends_.at(name); }

  /// Waits until the calls to `target` are answered by exactly these backends.
  void wait_for_answers(const boost::asio::ip::tcp::endpoint& target, const std::set<std::string>& names);
  void wait_until_refused(const boost::asio::ip::tcp::endpoint& target);

  /// A file in this test's own folder.
  std::string write_file(const std::string& name, const std::string& text) const;
  const std::string& folder() const { return folder_; }
  const AddressBlock& addresses() const { return addresses_; }
  std::uint16_t backend_port() const { return backend_port_; }

 private:
  void launch_api_server(const std::string& listen, const std::vector<std::string>& flags);

  AddressBlock addresses_;
  std::string folder_;
  std::map<std::string, std::unique_ptr<EchoServer>> backends_;
  /// All backends of a test listen on one port, each at its own address.
  std::uint16_t backend_port_ = 0;
  int pods_made_ = 0;
  Api api_;
  std::string metrics_url_;
  std::string proxy_program_;
  std::vector<std::string> proxy_command_;
  std::unique_ptr<ChildProcess> api_server_;
  std::unique_ptr<ChildProcess> proxy_;
};

/// A proxy before a service "web" with the three backends a, b and c.
class WebTest : public ClusterTest {
 protected:
  void SetUp() override;

  boost::asio::ip::tcp::endpoint web_;
};

/// The path of a program of this build.
std::string program(const std::string& name);

}  // namespace ferry::testing
