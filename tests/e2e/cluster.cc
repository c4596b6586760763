#include "tests/e2e/cluster.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <utility>

#include "tests/e2e/echo_client.h"
#include "tests/e2e/eventually.h"

namespace ferry::testing {

namespace {

using boost::asio::ip::tcp;

const std::string kNodeName = "node-1";

std::string make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kube-ferry-e2e-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder like " + pattern);
  return pattern;
}

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

std::string program(const std::string& name) { return std::string(FERRY_BINARY_DIR) + "/" + name; }

ClusterTest::ClusterTest() : folder_(make_folder()), proxy_program_(program("kube-ferry")) {}

ClusterTest::~ClusterTest() {
  if (HasFailure()) {
    if (api_server_) std::cerr << "--- kube-ferry-apiserver said:\n" << api_server_->output();
    if (proxy_) std::cerr << "--- kube-ferry said:\n" << proxy_->output();
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ClusterTest::launch_api_server(const std::string& listen, const std::vector<std::string>& flags) {
  std::vector<std::string> command = {
      program("kube-ferry-apiserver"), "--listen", listen, "--controllers", "--service-cluster-ip-range",
      addresses_.service_range()};
  append(command, flags);
  api_server_ = std::make_unique<ChildProcess>(command);
  api_ = Api(api_server_->wait_for_output("(http://[0-9.]+:[0-9]+)\n"));
}

void ClusterTest::start_api_server(const std::vector<std::string>& flags) {
  launch_api_server("127.0.0.1:0", flags);
  api_.create(kNodes, node_object(kNodeName));
}

void ClusterTest::kill_api_server() { api_server_->kill(); }

void ClusterTest::restart_api_server(const std::string& seed_file, const std::vector<std::string>& flags) {
  std::vector<std::string> all = {"--seed", seed_file};
  append(all, flags);
  launch_api_server(api_.url().substr(std::string("http://").size()), all);
}

void ClusterTest::start_proxy(const std::vector<std::string>& flags) {
  std::vector<std::string> command = {proxy_program_,
                                      "--master",
                                      api_.url(),
                                      "--hostname-override",
                                      kNodeName,
                                      "--service-cidr",
                                      addresses_.service_range(),
                                      "--healthz-bind-address",
                                      "127.0.0.1:0",
                                      "--metrics-bind-address",
                                      "127.0.0.1:0",
                                      "--admin-socket="};
  append(command, flags);
  proxy_command_ = command;
  proxy_ = std::make_unique<ChildProcess>(command);
  metrics_url_ = proxy_->wait_for_output("metrics[^\n]*(http://127\\.0\\.0\\.1:[0-9]+)");
}

std::unique_ptr<ChildProcess> ClusterTest::start_another_proxy(const std::vector<std::string>& flags) const {
  std::vector<std::string> command = proxy_command_;
  append(command, flags);
  return std::make_unique<ChildProcess>(command);
}

std::unique_ptr<ChildProcess> ClusterTest::exchange_proxy(std::unique_ptr<ChildProcess> other) {
  return std::exchange(proxy_, std::move(other));
}

std::string ClusterTest::metrics() const {
  const HttpReply reply = page("/metrics");
  if (reply.status != 200) throw std::runtime_error("/metrics gave " + std::to_string(reply.status));
  return reply.body;
}

double ClusterTest::metric(const std::string& series) const {
  const std::string text = "\n" + metrics();
  const std::size_t start = text.find("\n" + series + " ");
  return start == std::string::npos ? 0 : std::stod(text.substr(start + series.size() + 2));
}

tcp::endpoint ClusterTest::create_service(const std::string& name) {
  if (backend_port_ == 0) throw std::logic_error("a service of the suite takes its port from the pods: add one first");
  const Json created = api_.create(kServices, service_object(name, backend_port_));
  return tcp::endpoint(boost::asio::ip::make_address(created["spec"]["clusterIP"].get<std::string>()), kServicePort);
}

EchoServer& ClusterTest::add_pod(const std::string& name, const std::string& app) {
  const std::string address = addresses_.pod_address(++pods_made_);
  auto server =
      std::make_unique<EchoServer>(name, tcp::endpoint(boost::asio::ip::make_address(address), backend_port_));
  backend_port_ = server->endpoint().port();
  api_.create(kPods, pod_object(name, app));
  api_.merge_patch(kPods + "/" + name + "/status", running_status(address));
  return *(backends_[name] = std::move(server));
}

void ClusterTest::remove_pod(const std::string& name) {
  delete_pod(name);
  backends_.erase(name);
}

void ClusterTest::wait_for_answers(const tcp::endpoint& target, const std::set<std::string>& names) {
  // Enough calls in a row that round robin passes every backend a few times.
  const std::size_t calls = 3 * std::max<std::size_t>(names.size(), 2);
  Tally last;
  try {
    eventually("the backends answered", [&] {
      last = call_times(target, calls);
      std::set<std::string> answered;
      for (const auto& entry : last.answers) answered.insert(entry.first);
      return last.failed == 0 && answered == names;
    });
  } catch (const std::runtime_error&) {
    throw std::runtime_error("waited in vain for the right backends to answer; the last calls: " + last.to_string());
  }
}

void ClusterTest::wait_until_refused(const tcp::endpoint& target) {
  eventually("connections are refused", [&] { return call(target).error == "connect: Connection refused"; });
}

std::string ClusterTest::write_file(const std::string& name, const std::string& text) const {
  const std::string path = folder_ + "/" + name;
  std::ofstream(path) << text;
  return path;
}

void WebTest::SetUp() {
  start_api_server();
  for (const char* name : {"a", "b", "c"}) add_pod(name, "web");
  web_ = create_service("web");
  start_proxy();
  wait_for_answers(web_, {"a", "b", "c"});
}

}  // namespace ferry::testing
