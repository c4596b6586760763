#include "tests/apiserver/recordings/imitated_cluster.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <unistd.h>

namespace ferry::testing {
namespace {

using apiserver::Release;

std::string write_tokens() {
  std::string name = (std::filesystem::temp_directory_path() / "ferry-tokens-XXXXXX").string();
  const int file = mkstemp(name.data());
  if (file < 0) throw std::runtime_error("cannot make the file " + name);
  close(file);
  std::ofstream(name) << "good,system:kube-proxy,1\n";
  return name;
}

std::string service_json(const std::string& name, const std::string& tier) {
  const std::string labels = tier.empty() ? "" : R"(,"labels":{"tier":")" + tier + "\"}";
  return R"({"kind":"Service","apiVersion":"v1","metadata":{"name":")" + name + "\"" + labels +
         R"(},"spec":{"ports":[{"name":"http","port":80,"targetPort":8080}]}})";
}

/// The service that an API server publishes itself under.
Request create_kubernetes() {
  return {.method = "POST",
          .target = "/api/v1/namespaces/default/services",
          .body = R"({"kind":"Service","apiVersion":"v1","metadata":{"name":"kubernetes",
                     "labels":{"component":"apiserver","provider":"kubernetes"}},"spec":{"clusterIP":"10.96.0.1",
                     "ports":[{"name":"https","port":443,"targetPort":16443}]}})",
          .headers = {"Authorization: Bearer good"}};
}

}  // namespace

Request create_service(const std::string& name, const std::string& tier) {
  return {.method = "POST",
          .target = "/api/v1/namespaces/default/services",
          .body = service_json(name, tier),
          .headers = {"Authorization: Bearer good"}};
}

std::string discovery_path(Release release) {
  return release == Release::k1_20 ? "/apis/discovery.k8s.io/v1beta1" : "/apis/discovery.k8s.io/v1";
}

Request create_slice(Release release, const std::string& name, const std::string& service, const std::string& address) {
  const std::string node =
      release == Release::k1_20 ? R"("topology":{"kubernetes.io/hostname":"n1"})" : R"("nodeName":"n1")";
  return {.method = "POST",
          .target = discovery_path(release) + "/namespaces/default/endpointslices",
          .body = R"({"kind":"EndpointSlice","apiVersion":")" + discovery_path(release).substr(6) +
                  R"(","metadata":{"name":")" + name + R"(","labels":{"kubernetes.io/service-name":")" + service +
                  R"("}},"addressType":"IPv4","endpoints":[{"addresses":[")" + address +
                  R"("],"conditions":{"ready":true},)" + node +
                  R"(}],"ports":[{"name":"http","protocol":"TCP","port":8080}]})",
          .headers = {"Authorization: Bearer good"}};
}

Request create_endpoints() {
  return {.method = "POST",
          .target = "/api/v1/namespaces/default/endpoints",
          .body = R"({"kind":"Endpoints","apiVersion":"v1","metadata":{"name":"s1"},"subsets":[
                     {"addresses":[{"ip":"10.1.0.1"}],"ports":[{"name":"http","port":8080,"protocol":"TCP"}]}]})",
          .headers = {"Authorization: Bearer good"}};
}

Request merge_patch(const std::string& object, const std::string& patch) {
  return {.method = "PATCH",
          .target = "/api/v1/namespaces/default/" + object,
          .body = patch,
          .headers = {"Content-Type: application/merge-patch+json", "Authorization: Bearer good"}};
}

ImitatedCluster::ImitatedCluster(Release release, bool with_tokens) : release_(release) {
  apiserver::Options options;
  options.release = release;
  options.bookmark_interval = std::chrono::milliseconds(200);
  if (with_tokens) options.token_file = token_file_ = write_tokens();
  server_ = std::make_unique<apiserver::Server>(loop_, options);
  server_->start();
  must({create_kubernetes()});
  if (release == Release::k1_36) must({create_service("bare", "")});
  for (const char* name : {"s1", "s2", "s3", "s4", "s5"}) must({create_service(name, "a")});
  must({create_slice(release, "s1-abc", "s1", "10.1.0.1"), create_endpoints()});
}

ImitatedCluster::~ImitatedCluster() {
  server_->stop();
  run_until(loop_, [this] { return server_->open_connections() == 0; });
  server_.reset();
  if (!token_file_.empty()) std::filesystem::remove(token_file_);
}

Answer ImitatedCluster::ask(const Request& request) {
  const Exchange exchange(loop_, server_->address(), request);
  run_until(loop_, [&exchange] { return exchange.is_over(); });
  return exchange.answer();
}

Answer ImitatedCluster::watch(const Request& request, const std::vector<Request>& meanwhile, std::size_t lines) {
  const Exchange exchange(loop_, server_->address(), request);
  run_until(loop_, [&exchange] { return exchange.has_header() || exchange.is_over(); });
  must(meanwhile);
  run_until(loop_, [&exchange, lines] { return exchange.is_over() || exchange.lines() >= lines; });
  return exchange.answer();
}

Answer ImitatedCluster::watch_to_shutdown(const Request& request, std::size_t lines) {
  const Exchange exchange(loop_, server_->address(), request);
  run_until(loop_, [&exchange, lines] { return exchange.is_over() || exchange.lines() >= lines; });
  server_->drain();
  run_until(loop_, [&exchange] { return exchange.is_over(); });
  return exchange.answer();
}

void ImitatedCluster::must(const std::vector<Request>& requests) {
  for (const Request& request : requests) {
    const Answer answer = ask(request);
    if (answer.status / 100 != 2) throw std::runtime_error(request.target + " was answered: " + answer.body);
  }
}

}  // namespace ferry::testing
