#include "tests/proxy/daemon/running_daemon.h"

#include <fstream>
#include <iterator>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <spdlog/fmt/fmt.h>

#include "tests/e2e/eventually.h"

namespace ferry::testing {

using boost::asio::ip::tcp;

std::vector<std::string> kube_ferry(std::vector<std::string> flags) {
  flags.insert(flags.begin(), std::string(FERRY_BINARY_DIR) + "/kube-ferry");
  return flags;
}

std::string Manifest::to_yaml() const {
  std::string yaml = fmt::format(
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {{name: web, namespace: default}}\n"
      "spec: {{clusterIP: {}, clusterIPs: [{}], ports: [{{port: {}}}]}}\n",
      address, address, port);
  for (std::size_t i = 0; i < backends.size(); ++i) {
    yaml += fmt::format(
        "---\n"
        "apiVersion: discovery.k8s.io/v1\n"
        "kind: EndpointSlice\n"
        "metadata: {{name: web-{}, namespace: default, labels: {{kubernetes.io/service-name: web}}}}\n"
        "addressType: IPv4\n"
        "ports: [{{name: '', port: {}}}]\n"
        "endpoints: [{{addresses: [{}]}}]\n",
        i, backends[i].port(), backends[i].address().to_string());
  }
  return yaml;
}

namespace {

std::vector<std::string> with_free_ports(std::vector<std::string> flags) {
  flags.insert(flags.begin(),
               {"--workers=1", "--healthz-bind-address=127.0.0.1:0", "--metrics-bind-address=127.0.0.1:0",
                "--admin-socket=", "--steering=off", "--steering-pin-path=/none"});
  return flags;
}

}  // namespace

RunningDaemon::RunningDaemon(std::vector<std::string> flags, std::vector<std::string> environment)
    : process_(kube_ferry(with_free_ports(std::move(flags))), std::move(environment)),
      health_url_(process_.wait_for_output("serving health on (http://[0-9.]+:[0-9]+)")),
      metrics_url_(process_.wait_for_output("serving metrics on (http://[0-9.]+:[0-9]+)")) {}

void RunningDaemon::wait_until_healthy() const {
  eventually("health", [this] { return health("/healthz").status == 200; });
}

tcp::endpoint free_service_address(const AddressBlock& block) {
  const std::string range = block.service_range();
  const std::string first = range.substr(0, range.rfind('.')) + ".1";
  boost::asio::io_context loop;
  tcp::acceptor probe(loop, tcp::endpoint(boost::asio::ip::make_address(first), 0));
  return probe.local_endpoint();
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace ferry::testing
