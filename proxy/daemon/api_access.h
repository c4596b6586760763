#pragma once

#include <optional>

#include "proxy/daemon/options.h"
#include "watch/rest/client_config.h"

namespace ferry::proxy {

/// How the options say to reach the API server: --master, --kubeconfig, or the service account of the pod this runs in.
/// nullopt when only files are to be read. Throws watch::ClientConfigError, also when nothing at all says where the
/// services come from.
std::optional<watch::ClientConfig> api_access(const Options& options);

}  // namespace ferry::proxy
