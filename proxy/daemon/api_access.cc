#include "proxy/daemon/api_access.h"

#include "proxy/options/version.h"
#include "watch/kubeconfig/kubeconfig.h"

namespace ferry::proxy {

namespace {

void set_server(watch::ClientConfig& config, const std::string& master) {
  try {
    watch::override_server(config, master);
  } catch (const watch::ClientConfigError& error) {
    throw UsageError(error.what());
  }
}

}  // namespace

std::optional<watch::ClientConfig> api_access(const Options& options) {
  watch::ClientConfig config;
  if (!options.kubeconfig.empty()) {
    config = watch::load_kubeconfig(options.kubeconfig);
  } else if (options.master.empty()) {
    if (!options.source_files.empty()) return std::nullopt;
    if (!watch::in_cluster()) {
      throw UsageError(
          "nothing says where the services come from; give --kubeconfig FILE, --master URL or --source-file FILE, or "
          "run in a pod, whose service account is used then");
    }
    config = watch::load_service_account();
  }
  if (!options.master.empty()) set_server(config, options.master);
  watch::refuse_service_address(config, options.service_cidrs);
  config.user_agent = "kube-ferry/" + version();
  return config;
}

}  // namespace ferry::proxy
