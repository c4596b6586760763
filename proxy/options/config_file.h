#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ferry::proxy {

/// The object beside it, for what kube-proxy knows nothing of.
inline constexpr std::string_view kOwnConfigurationApi = "kube-ferry.io/v1alpha1";
inline constexpr std::string_view kOwnConfigurationKind = "KubeFerryConfiguration";

/// What a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) asks for, as the command line would say it.
struct ConfigFile {
  /// To stand before the command line's own arguments, which then count more.
  std::vector<std::string> arguments;
  /// Fields that say something to kube-proxy and nothing here, such as "iptables.masqueradeAll", in the file's order.
  std::vector<std::string> without_effect;
};

/// Whether a field says what the flag ("--kubeconfig") does.
bool has_field(std::string_view flag);

/// Reads the file, YAML or JSON: a KubeProxyConfiguration, a KubeFerryConfiguration, or both. Of the first, empty and
/// null fields count as absent, as with kube-proxy. Throws std::runtime_error in one sentence with file and line: no
/// such file, no YAML, another kind of object, a field that does not exist, a value of the wrong type or one that its
/// flag would not take.
ConfigFile read_config_file(const std::string& path);

}  // namespace ferry::proxy
