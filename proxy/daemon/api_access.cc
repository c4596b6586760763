#include "proxy/daemon/api_access.h"

#include "ferry_version.h"
#include "watch/kubeconfig/kubeconfig.h"

namespace ferry::proxy {

std::optional<watch::ClientConfig> api_access(const Options& options) {
  watch::ClientConfig config;
  if (!options.kubeconfig.empty()) {
    config = watch::load_kubeconfig(options.kubeconfig);
  } else if (options.master.empty()) {
    if (!options.source_files.empty()) return std::nullopt;
    if (!watch::in_cluster()) {
      throw watch::ClientConfigError(
          "nothing says where the services come from: give --master, --kubeconfig or --source-file, or run in a pod");
    }
    config = watch::load_service_account();
  }
  if (!options.master.empty()) watch::override_server(config, options.master);
  watch::refuse_service_address(config, options.service_cidrs);
  config.user_agent = std::string("kube-ferry/") + kVersion;
  return config;
}

}  // namespace ferry::proxy
