#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/ip_address.h"
#include "watch/rest/client_config.h"

namespace ferry::watch {

/// What is wrong with where or how the API server is to be reached: one sentence for a person, naming file and line
/// where there is one.
class ClientConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads a kubeconfig: the server and credentials of its current context. Relative paths in it are taken from its own
/// folder. Throws ClientConfigError; also for `exec` and `auth-provider`, which would need another program to run.
ClientConfig load_kubeconfig(const std::filesystem::path& file);

/// Where a pod finds its service account.
inline constexpr const char* kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/// True inside a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are set.
bool in_cluster();

/// The API server as a pod's service account sees it. Throws ClientConfigError.
ClientConfig load_service_account(const std::filesystem::path& folder = kServiceAccountFolder);

/// Puts `master` (the flag --master: a URL or host:port) in the place of the configuration's server. Throws
/// ClientConfigError naming the flag.
void override_server(ClientConfig& config, const std::string& master);

/// A proxy that reaches its API server through a service address would wait for itself. Throws ClientConfigError when
/// the server is given as an address inside one of the service ranges.
void refuse_service_address(const ClientConfig& config, const std::vector<config::IpPrefix>& service_ranges);

}  // namespace ferry::watch
