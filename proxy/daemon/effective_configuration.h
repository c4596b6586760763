#pragma once

#include <string>
#include <vector>

#include "proxy/options/options.h"

namespace ferry::proxy {

/// The options as the KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) and the KubeFerryConfiguration that
/// would ask for them, two documents of JSON, which --config reads back: those of their fields that say something here.
/// Paths stand in it, never what the files hold. An address that is not served reads back as its default, for the field
/// knows no such thing.
std::string effective_configuration(const Options& options);

/// The flags that were given and are lost in that: those without a field, and addresses that are not served.
std::vector<std::string> beyond_configuration(const Options& options);

/// The page /configz, as kube-proxy's: each configuration under the name of its group.
std::string configz(const Options& options);

}  // namespace ferry::proxy
