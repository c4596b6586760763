#pragma once

#include <optional>

#include "proxy/options/options.h"
#include "watch/rest/client_config.h"

namespace ferry::proxy {

/// How the options say to reach the API server: --master, --kubeconfig, or the service account of the pod this runs in.
/// nullopt when only files are to be read. Throws UsageError when nothing at all says where the services come from or
/// --master is no URL, watch::ClientConfigError when a file cannot be used or the server has a service address.
std::optional<watch::ClientConfig> api_access(const Options& options);

}  // namespace ferry::proxy
