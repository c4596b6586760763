#include "proxy/options/config_file.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <yaml-cpp/yaml.h>

#include "proxy/options/options.h"
#include "proxy/settings/duration.h"

namespace ferry::proxy {

namespace {

enum class Type { kText, kNumber, kNumberOrNull, kBool, kDuration, kTexts, kFiles, kAnything };

struct Field {
  /// With dots between the levels.
  std::string_view path;
  Type type = Type::kText;
  /// Empty: the field says nothing here.
  std::string_view flag;
};

constexpr auto kFields = std::to_array<Field>({
    {"clientConnection.kubeconfig", Type::kText, "--kubeconfig"},
    {"clientConnection.acceptContentTypes", Type::kText, {}},
    {"clientConnection.contentType", Type::kText, {}},
    {"clientConnection.qps", Type::kNumber, {}},
    {"clientConnection.burst", Type::kNumber, {}},
    {"hostnameOverride", Type::kText, "--hostname-override"},
    {"healthzBindAddress", Type::kText, "--healthz-bind-address"},
    {"metricsBindAddress", Type::kText, "--metrics-bind-address"},
    {"clusterCIDR", Type::kText, "--cluster-cidr"},
    {"nodePortAddresses", Type::kTexts, "--nodeport-addresses"},
    {"logging.verbosity", Type::kNumber, "--v"},
    {"logging.format", Type::kText, "--log-format"},
    {"logging.flushFrequency", Type::kAnything, {}},
    {"logging.vmodule", Type::kAnything, {}},
    {"logging.options", Type::kAnything, {}},
    {"featureGates", Type::kAnything, {}},
    {"bindAddress", Type::kText, "--bind-address"},
    {"bindAddressHardFail", Type::kBool, "--bind-address-hard-fail"},
    {"enableProfiling", Type::kBool, {}},
    {"showHiddenMetricsForVersion", Type::kText, {}},
    {"mode", Type::kText, {}},
    {"iptables.masqueradeBit", Type::kNumber, {}},
    {"iptables.masqueradeAll", Type::kBool, {}},
    {"iptables.localhostNodePorts", Type::kBool, {}},
    {"iptables.syncPeriod", Type::kDuration, {}},
    {"iptables.minSyncPeriod", Type::kDuration, {}},
    {"ipvs.syncPeriod", Type::kDuration, {}},
    {"ipvs.minSyncPeriod", Type::kDuration, {}},
    {"ipvs.scheduler", Type::kText, {}},
    {"ipvs.excludeCIDRs", Type::kTexts, {}},
    {"ipvs.strictARP", Type::kBool, {}},
    {"ipvs.tcpTimeout", Type::kDuration, {}},
    {"ipvs.tcpFinTimeout", Type::kDuration, {}},
    {"ipvs.udpTimeout", Type::kDuration, {}},
    {"nftables.masqueradeBit", Type::kNumber, {}},
    {"nftables.masqueradeAll", Type::kBool, {}},
    {"nftables.syncPeriod", Type::kDuration, {}},
    {"nftables.minSyncPeriod", Type::kDuration, {}},
    {"winkernel.networkName", Type::kText, {}},
    {"winkernel.sourceVip", Type::kText, {}},
    {"winkernel.enableDSR", Type::kBool, {}},
    {"winkernel.rootHnsEndpointName", Type::kText, {}},
    {"winkernel.forwardHealthCheckVip", Type::kBool, {}},
    {"windowsRunAsService", Type::kBool, {}},
    {"detectLocalMode", Type::kText, {}},
    {"detectLocal.bridgeInterface", Type::kText, {}},
    {"detectLocal.interfaceNamePrefix", Type::kText, {}},
    {"oomScoreAdj", Type::kNumberOrNull, "--oom-score-adj"},
    {"conntrack.maxPerCore", Type::kNumber, {}},
    {"conntrack.min", Type::kNumber, {}},
    {"conntrack.tcpEstablishedTimeout", Type::kDuration, {}},
    {"conntrack.tcpCloseWaitTimeout", Type::kDuration, {}},
    {"conntrack.tcpBeLiberal", Type::kBool, {}},
    {"conntrack.udpTimeout", Type::kDuration, {}},
    {"conntrack.udpStreamTimeout", Type::kDuration, {}},
    {"configSyncPeriod", Type::kDuration, {}},
    {"portRange", Type::kText, {}},
    {"udpIdleTimeout", Type::kDuration, {}},
});

/// What kube-proxy knows nothing of. Here 0, false and no text say what they say.
constexpr auto kOwnFields = std::to_array<Field>({
    {"master", Type::kText, "--master"},
    {"sourceFiles", Type::kFiles, "--source-file"},
    {"serverAPIVersion", Type::kText, "--api-version"},
    {"serviceCIDR", Type::kText, "--service-cidr"},
    {"capture", Type::kText, "--capture"},
    {"steering", Type::kText, "--steering"},
    {"steeringCgroup", Type::kText, "--steering-cgroup"},
    {"steeringPinPath", Type::kText, "--steering-pin-path"},
    {"steeringMaxServicePorts", Type::kNumber, "--steering-max-service-ports"},
    {"steeringMaxEndpoints", Type::kNumber, "--steering-max-endpoints"},
    {"steeringMaxConnections", Type::kNumber, "--steering-max-connections"},
    {"steeringMaxAffinities", Type::kNumber, "--steering-max-affinities"},
    {"proxyProtocolFrom", Type::kTexts, "--proxy-protocol-from"},
    {"workers", Type::kNumber, "--workers"},
    {"halfCloseTimeout", Type::kDuration, "--half-close-timeout"},
    {"udpIdleTimeout", Type::kDuration, "--udp-idle-timeout"},
    {"deadPeerTimeout", Type::kDuration, "--dead-peer-timeout"},
    {"maxEjectedEndpoints", Type::kNumber, "--max-ejected-endpoints"},
    {"shutdownGrace", Type::kDuration, "--shutdown-grace"},
    {"takeoverSocket", Type::kText, "--takeover-socket"},
    {"afterTakeover", Type::kText, "--after-takeover"},
    {"adminSocket", Type::kText, "--admin-socket"},
    {"showClients", Type::kBool, "--show-clients"},
    {"metricsEndpoints", Type::kNumber, "--metrics-endpoints"},
    {"accessLog", Type::kText, "--access-log"},
});

/// A kind of object that a file may hold.
struct Kind {
  std::string_view api_version;
  std::string_view name;
  const Field* begin = nullptr;
  const Field* end = nullptr;
  /// An empty or zero value counts as absent.
  bool lenient = false;
};

constexpr auto kKinds = std::to_array<Kind>({
    {"kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration", kFields.data(), kFields.data() + kFields.size(),
     true},
    {kOwnConfigurationApi, kOwnConfigurationKind, kOwnFields.data(), kOwnFields.data() + kOwnFields.size(), false},
});

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  ConfigFile read() && {
    for (const YAML::Node& root : load()) read_document(root);
    if (kinds_read_.empty()) throw std::runtime_error(path_ + ":1: a KubeProxyConfiguration is a map");
    return std::move(file_);
  }

 private:
  [[noreturn]] void fail(const YAML::Node& at, const std::string& why) const {
    throw std::runtime_error(fmt::format("{}:{}: {}", path_, at.Mark().line + 1, why));
  }

  void read_document(const YAML::Node& root) {
    if (root.IsNull()) return;
    if (!root.IsMap()) fail(root, "a KubeProxyConfiguration is a map");
    const YAML::Node named = root["kind"];
    const bool own = named && named.IsScalar() && named.Scalar() == kOwnConfigurationKind;
    const Kind& kind = kKinds[own ? 1 : 0];
    check(root, "apiVersion", std::string(kind.api_version));
    check(root, "kind", std::string(kind.name));
    if (!kinds_read_.insert(kind.name).second) fail(root, fmt::format("there is another {} before", kind.name));
    kind_ = &kind;
    read_members(root, "");
  }

  std::vector<YAML::Node> load() const {
    if (std::error_code ignored; std::filesystem::is_directory(path_, ignored)) {
      throw std::runtime_error(path_ + ": this is a folder; name the configuration in it");
    }
    try {
      return YAML::LoadAllFromFile(path_);
    } catch (const YAML::ParserException& error) {
      throw std::runtime_error(fmt::format("{}:{}: this is not YAML: {}", path_, error.mark.line + 1, error.msg));
    } catch (const YAML::BadFile&) {
      throw std::runtime_error(path_ + ": the configuration cannot be read; name a file that exists and is readable");
    }
  }

  void check(const YAML::Node& root, const char* key, const std::string& expected) const {
    const YAML::Node value = root[key];
    if (!value) fail(root, fmt::format("{} is missing; it must be {}", key, expected));
    if (!value.IsScalar() || value.Scalar() != expected) fail(value, fmt::format("{} must be {}", key, expected));
  }

  void read_members(const YAML::Node& map, const std::string& prefix) {
    for (const auto& member : map) {
      if (!member.first.IsScalar()) fail(member.first, "a field's name is text");
      const std::string path = prefix + member.first.Scalar();
      if (path == "apiVersion" || path == "kind" || path == "metadata") continue;
      if (const Field* const field = find(path)) {
        read_field(*field, member.second);
      } else if (is_group(path)) {
        read_group(path, member.second);
      } else {
        fail(member.first, fmt::format("unknown field '{}'; {} has none of that name", path, kind_->name));
      }
    }
  }

  const Field* find(const std::string& path) const {
    const Field* const found = std::find_if(kind_->begin, kind_->end, [&](const Field& f) { return f.path == path; });
    return found == kind_->end ? nullptr : found;
  }
  bool is_group(const std::string& path) const {
    return std::any_of(kind_->begin, kind_->end,
                       [start = path + "."](const Field& field) { return field.path.starts_with(start); });
  }

  void read_group(const std::string& path, const YAML::Node& value) {
    if (value.IsNull()) return;
    if (!value.IsMap()) fail(value, path + " must be a map");
    read_members(value, path + ".");
  }

  void read_field(const Field& field, const YAML::Node& value) {
    if (field.type == Type::kFiles) {
      read_files(field, value);
      return;
    }
    const std::optional<std::string> text = text_of(field, value);
    if (!text) return;
    if (field.flag.empty()) {
      file_.without_effect.emplace_back(field.path);
      return;
    }
    add_argument(field, value, *text);
  }

  void read_files(const Field& field, const YAML::Node& value) {
    if (value.IsNull()) return;
    if (!value.IsSequence()) fail(value, fmt::format("{} must be a list", field.path));
    for (const YAML::Node& each : value) {
      if (!each.IsScalar()) fail(each, fmt::format("{} must be a list of texts", field.path));
      add_argument(field, each, each.Scalar());
    }
  }

  void add_argument(const Field& field, const YAML::Node& value, const std::string& text) {
    std::string argument = fmt::format("{}={}", field.flag, text);
    try {
      parse_options({argument});
    } catch (const UsageError& error) {
      fail(value, fmt::format("{}: {}", field.path, error.what()));
    }
    file_.arguments.push_back(std::move(argument));
  }

  /// None: the field says nothing, as kube-proxy reads it.
  std::optional<std::string> text_of(const Field& field, const YAML::Node& value) const {
    if (value.IsNull() || (kind_->lenient && value.IsScalar() && value.Scalar().empty())) return std::nullopt;
    if (field.type == Type::kAnything) return value.size() == 0 && !value.IsScalar() ? std::nullopt : std::optional("");
    if (field.type == Type::kTexts) return joined(field, value);
    if (!value.IsScalar()) fail(value, fmt::format("{} must be {}", field.path, name_of(field.type)));
    const std::string& text = value.Scalar();
    if (!fits(field.type, value)) {
      fail(value, fmt::format("{} must be {}, not '{}'", field.path, name_of(field.type), text));
    }
    return kind_->lenient && says_nothing(field.type, text) ? std::nullopt : std::optional(text);
  }

  std::optional<std::string> joined(const Field& field, const YAML::Node& list) const {
    if (!list.IsSequence()) fail(list, fmt::format("{} must be a list", field.path));
    std::string text;
    for (const YAML::Node& each : list) {
      if (!each.IsScalar()) fail(each, fmt::format("{} must be a list of texts", field.path));
      text += (text.empty() ? "" : ",") + each.Scalar();
    }
    return text.empty() ? std::nullopt : std::optional(text);
  }

  static bool fits(Type type, const YAML::Node& value) {
    switch (type) {
      case Type::kNumber:
      case Type::kNumberOrNull: {
        double number = 0;
        return YAML::convert<double>::decode(value, number);
      }
      case Type::kBool:
        return value.Scalar() == "true" || value.Scalar() == "false";
      case Type::kDuration:
        return parse_duration(value.Scalar()).has_value();
      case Type::kText:
      case Type::kTexts:
      case Type::kFiles:
      case Type::kAnything:
        return true;
    }
    return true;
  }

  static bool says_nothing(Type type, const std::string& text) {
    return (type == Type::kNumber && text == "0") || (type == Type::kBool && text == "false") ||
           (type == Type::kDuration && parse_duration(text) == std::chrono::nanoseconds{0});
  }

  static std::string_view name_of(Type type) {
    switch (type) {
      case Type::kNumber:
      case Type::kNumberOrNull:
        return "a number";
      case Type::kBool:
        return "true or false";
      case Type::kDuration:
        return "a duration such as 30s";
      case Type::kText:
      case Type::kTexts:
      case Type::kFiles:
      case Type::kAnything:
        return "text";
    }
    return "text";
  }

  std::string path_;
  const Kind* kind_ = nullptr;
  std::set<std::string_view> kinds_read_;
  ConfigFile file_;
};

}  // namespace

bool has_field(std::string_view flag) {
  return std::any_of(kKinds.begin(), kKinds.end(), [&](const Kind& kind) {
    return std::any_of(kind.begin, kind.end, [&](const Field& field) { return field.flag == flag; });
  });
}

ConfigFile read_config_file(const std::string& path) { return Reader(path).read(); }

}  // namespace ferry::proxy
