#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "tests/apiserver/recordings/exchange.h"
#include "tests/apiserver/server.h"

namespace ferry::testing {

/// The mock API server in the state that the recorded servers were in: the services bare (0.36.4 alone), kubernetes
/// and s1 to s5, the EndpointSlice s1-abc and the Endpoints s1.
class ImitatedCluster {
 public:
  /// With tokens, "good" is the token of the user kube-proxy.
  ImitatedCluster(apiserver::Release release, bool with_tokens);
  ~ImitatedCluster();
  ImitatedCluster(const ImitatedCluster&) = delete;
  ImitatedCluster& operator=(const ImitatedCluster&) = delete;

  /// Makes a request and waits for the whole answer.
  Answer ask(const Request& request);
  /// Opens a watch, makes other requests once it is open, and waits until the watch has ended or has brought `lines`.
  Answer watch(const Request& request, const std::vector<Request>& meanwhile, std::size_t lines);
  /// Opens a watch, waits for `lines`, shuts the server down in order and waits for the watch's end.
  Answer watch_to_shutdown(const Request& request, std::size_t lines);

  [[nodiscard]] apiserver::Release release() const { return release_; }
  [[nodiscard]] apiserver::Storage& storage() { return server_->storage(); }
  /// Makes requests of which each must succeed.
  void must(const std::vector<Request>& requests);

 private:
  apiserver::Release release_;
  std::string token_file_;
  boost::asio::io_context loop_;
  std::unique_ptr<apiserver::Server> server_;
};

/// A Service as the recordings' were made: one port 80 that leads to 8080.
Request create_service(const std::string& name, const std::string& tier);
Request create_slice(apiserver::Release release, const std::string& name, const std::string& service,
                     const std::string& address);
Request create_endpoints();
/// A merge patch of something in the namespace default, for example of "services/s1".
Request merge_patch(const std::string& object, const std::string& patch);

/// "/apis/discovery.k8s.io/v1", or v1beta1.
std::string discovery_path(apiserver::Release release);

}  // namespace ferry::testing
