#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/e2e/api.h"
#include "tests/e2e/child_process.h"
#include "tests/e2e/datagram_echo.h"
#include "tests/e2e/echo_server.h"
#include "tests/e2e/guest.h"
#include "tests/e2e/objects.h"
#include "tests/support/temporary_folder.h"

namespace ferry::testing {

inline const std::string kSlices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";

/// A cluster in networks of its own: this test's network is the node "node-1" (192.0.2.1, zone "a"), with the API
/// server and the real proxy; each of its pods has a network, "node-2" (192.0.2.2, zone "b") has one for itself and its
/// pods, and there is somebody outside. Every pod greets TCP connections and answers datagrams at port 9000 by its
/// name.
///
///   client   10.244.0.2  fd00:244::2     calls
///   here-1   10.244.0.3  fd00:244::3     on node-1
///   here-2   10.244.0.4                  on node-1
///   there-1  10.244.1.3                  on node-2
///   there-2  10.244.1.4                  on node-2
///   outside  192.0.2.9
class ClusterNetwork : public ::testing::Test {
 protected:
  void SetUp() override;
  ~ClusterNetwork() override;

  /// Starts the proxy, or starts it anew. It is told the service ranges, and not to steer: that would reach beyond this
  /// network.
  void start_proxy(const std::vector<std::string>& flags = {});
  /// It is not.
  void start_proxy_without_ranges(const std::vector<std::string>& flags = {});
  ChildProcess& proxy() { return *proxy_; }
  /// Starts another proxy, told the same, and waits until the one before, which is to let its place be taken, has
  /// ended.
  void upgrade_proxy();
  void kill_api_server() { api_server_->kill(); }
  /// At the same address, with nothing but the nodes.
  void restart_api_server();
  const Api& api() const { return api_; }

  /// Creates the service: TCP and UDP port 80 to the pods' port, with one node port for both where its type has them,
  /// and what else `spec` says. As the server has it then.
  Json create_service(const std::string& name, const Json& spec = Json::object(),
                      const Json& metadata = Json::object());
  void patch_service(const std::string& name, const Json& patch) const {
    api_.merge_patch(kServices + "/" + name, patch);
  }
  void delete_service(const std::string& name) const { api_.remove(kServices + "/" + name); }
  /// An endpoint of a slice: the pod, ready, and what else `more` says.
  Json endpoint(const std::string& pod, const Json& more = Json::object()) const;
  /// The slice has exactly these endpoints from now on.
  void set_slice(const std::string& name, const std::string& service, const std::vector<Json>& endpoints) const;
  /// One slice, named like the service, with these pods.
  void set_pods(const std::string& service, const std::vector<std::string>& pods) const;

  /// "10.96.0.7:80"
  static std::string cluster_address(const Json& service);
  static std::string node_port_of(const Json& service, const std::string& address = "192.0.2.1");

  /// Where calls are made from.
  const Guest* client() const { return guests_.at("client").get(); }
  const Guest* outside() const { return guests_.at("outside").get(); }
  const Guest* pod(const std::string& name) const { return guests_.at(name).get(); }
  static constexpr const Guest* node() { return nullptr; }

  static Tally call(const Guest* from, const std::string& target, std::size_t count);
  static Tally ask(const Guest* from, const std::string& target, std::size_t count);

  /// Waits until calls and questions to `target` are answered by exactly these pods.
  static void wait_for_answers(const Guest* from, const std::string& target, const std::set<std::string>& pods);
  /// Waits until both are refused: not left without an answer, and not accepted and then closed.
  static void wait_until_refused(const Guest* from, const std::string& target);
  /// Waits until neither gets any answer.
  static void wait_until_ignored(const Guest* from, const std::string& target);

  /// A further pod on node-2. `address`: of 10.244.1.0/24.
  void add_pod_on_node_2(const std::string& name, const std::string& address);
  /// Stops the pod's servers.
  void stop_pod(const std::string& name);
  /// Starts them anew.
  void restart_pod(const std::string& name);
  /// The address from which the pod's last TCP connection came.
  std::string last_client_of(const std::string& pod) const { return pods_.at(pod).stream->last_client(); }
  std::string metrics() const;
  std::string folder() const { return folder_.path(); }
  /// The path of a file in this test's own folder.
  std::string write_file(const std::string& name, const std::string& text) const { return folder_.write(name, text); }

 private:
  struct Pod {
    const Guest* where;
    std::string address;
    std::string node;
    std::unique_ptr<EchoServer> stream;
    std::unique_ptr<DatagramEcho> datagrams;
  };

  void add_pod(const std::string& name, const Guest& where, const std::string& address, const std::string& node);
  void launch_api_server(const std::string& listen);

  TemporaryFolder folder_;
  int next_node_port_ = 30080;
  std::map<std::string, std::unique_ptr<Guest>> guests_;
  std::map<std::string, Pod> pods_;
  Api api_;
  std::string metrics_url_;
  std::vector<std::string> proxy_command_;
  std::unique_ptr<ChildProcess> api_server_;
  std::unique_ptr<ChildProcess> proxy_;
};

}  // namespace ferry::testing
