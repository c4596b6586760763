#include "watch/kubeconfig/kubeconfig.h"

#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <optional>

#include <yaml-cpp/yaml.h>

#include "watch/rest/base64.h"

namespace ferry::watch {
namespace {

namespace fs = std::filesystem;

/// Says where in the file: "FILE:LINE: what".
[[noreturn]] void fail(const fs::path& file, const YAML::Mark& mark, const std::string& what) {
  const std::string line = mark.is_null() ? "" : ":" + std::to_string(mark.line + 1);
  throw ClientConfigError(file.string() + line + ": " + what);
}

/// Reads one kubeconfig.
class KubeconfigReader {
 public:
  explicit KubeconfigReader(const fs::path& file) : file_(file) {}

  ClientConfig read() {
    const YAML::Node root = load();
    if (!root.IsMap()) fail(file_, root.Mark(), "a kubeconfig is a map with clusters, users and contexts");
    const std::string current = text(root, "current-context").value_or("");
    if (current.empty()) fail(file_, root.Mark(), "current-context is not set; name the context to use there");
    const YAML::Node context = entry(root, "contexts", "context", current, "current-context");
    const std::string cluster = text(context, "cluster").value_or("");
    if (cluster.empty()) fail(file_, context.Mark(), "the context '" + current + "' names no cluster");

    ClientConfig config;
    read_cluster(entry(root, "clusters", "cluster", cluster, "the context '" + current + "'"), cluster, config);
    const std::string user = text(context, "user").value_or("");
    if (!user.empty()) read_user(entry(root, "users", "user", user, "the context '" + current + "'"), user, config);
    return config;
  }

 private:
  YAML::Node load() const {
    if (std::error_code code; fs::is_directory(file_, code)) {
      throw ClientConfigError(file_.string() + ": this is a folder; name the kubeconfig in it");
    }
    try {
      return YAML::LoadFile(file_.string());
    } catch (const YAML::ParserException& error) {
      fail(file_, error.mark, "this is not YAML: " + error.msg);
    } catch (const YAML::BadFile&) {
      throw ClientConfigError(file_.string() + ": the kubeconfig cannot be read; name one that exists and is readable");
    }
  }

  /// The value of a key that is text; nullopt when it is absent or null.
  std::optional<std::string> text(const YAML::Node& map, const char* key) const {
    const YAML::Node value = map[key];
    if (!value || value.IsNull()) return std::nullopt;
    if (!value.IsScalar()) fail(file_, value.Mark(), std::string(key) + " must be text");
    return value.Scalar();
  }

  /// The part called `kind` of the entry named `name` in the list `list`.
  YAML::Node entry(const YAML::Node& root, const char* list, const char* kind, const std::string& name,
                   const std::string& named_by) const {
    const YAML::Node entries = root[list];
    if (entries && !entries.IsSequence()) fail(file_, entries.Mark(), std::string(list) + " must be a list");
    for (const YAML::Node& candidate : entries) {
      if (!candidate.IsMap() || text(candidate, "name") != name) continue;
      const YAML::Node part = candidate[kind];
      if (!part || !part.IsMap()) {
        fail(file_, candidate.Mark(), std::string("the entry '") + name + "' of " + list + " has no " + kind);
      }
      return part;
    }
    fail(file_, root.Mark(), named_by + " names '" + name + "', which is not among the " + list);
  }

  void read_cluster(const YAML::Node& cluster, const std::string& name, ClientConfig& config) const {
    const auto server = text(cluster, "server");
    if (!server) fail(file_, cluster.Mark(), "the cluster '" + name + "' has no server");
    const auto url = parse_url(*server);
    if (!url.has_value()) {
      fail(file_, cluster["server"].Mark(),
           "the server '" + without_credentials(*server) + "' is no address: " + url.error());
    }
    config.server = *url;
    config.certificate_authority = secret(cluster, "certificate-authority");
    config.tls_server_name = text(cluster, "tls-server-name").value_or("");
    config.insecure_skip_tls_verify = flag(cluster, "insecure-skip-tls-verify");
    if (config.insecure_skip_tls_verify && !config.certificate_authority.empty()) {
      fail(file_, cluster["insecure-skip-tls-verify"].Mark(),
           "insecure-skip-tls-verify and a certificate-authority exclude each other; remove one of them");
    }
    if (cluster["proxy-url"]) fail(file_, cluster["proxy-url"].Mark(), "proxy-url is not supported; name the server");
  }

  void read_user(const YAML::Node& user, const std::string& name, ClientConfig& config) const {
    for (const char* helper : {"exec", "auth-provider"}) {
      if (!user[helper]) continue;
      fail(file_, user[helper].Mark(),
           "the user '" + name + "' gets its credentials from another program (" + helper +
               "), which a node daemon does not run; use a token, a tokenFile or a client certificate");
    }
    for (const char* foreign : {"as", "as-uid", "as-groups"}) {
      if (user[foreign]) fail(file_, user[foreign].Mark(), std::string(foreign) + " (impersonation) is not supported");
    }
    config.client_certificate = secret(user, "client-certificate");
    config.client_key = secret(user, "client-key");
    if (config.client_certificate.empty() != config.client_key.empty()) {
      fail(file_, user.Mark(), "the user '" + name + "' has only one of client-certificate and client-key");
    }
    config.token.data = text(user, "token").value_or("");
    config.token.file = file_named(user, "tokenFile");
    config.username = text(user, "username").value_or("");
    config.password = text(user, "password").value_or("");
  }

  bool flag(const YAML::Node& map, const char* key) const {
    const auto value = text(map, key);
    if (!value || *value == "false") return false;
    if (*value == "true") return true;
    fail(file_, map[key].Mark(), std::string(key) + " must be true or false, not '" + *value + "'");
  }

  /// `key` names a file; `key`-data holds the same as base64 and counts more, as in client-go.
  Secret secret(const YAML::Node& map, const std::string& key) const {
    Secret read;
    const std::string data_key = key + "-data";
    if (const auto data = text(map, data_key.c_str()); data && !data->empty()) {
      const auto decoded = base64_decode(*data);
      if (!decoded) fail(file_, map[data_key].Mark(), data_key + " is not base64");
      read.data = *decoded;
      return read;
    }
    read.file = file_named(map, key);
    return read;
  }

  /// The file that `key` names, taken from the kubeconfig's folder; empty when it names none.
  std::string file_named(const YAML::Node& map, const std::string& key) const {
    const auto file = text(map, key.c_str());
    if (!file || file->empty()) return {};
    std::string path = absolute(*file);
    if (std::error_code code; !fs::is_regular_file(path, code)) {
      fail(file_, map[key].Mark(), key + " names " + path + ", which is not a readable file");
    }
    return path;
  }

  std::string absolute(const std::string& file) const { return (fs::absolute(file_).parent_path() / file).string(); }

  const fs::path& file_;
};

constexpr const char* kServiceHost = "KUBERNETES_SERVICE_HOST";
constexpr const char* kServicePort = "KUBERNETES_SERVICE_PORT";

/// Empty as well when it is not set: what is set to nothing says as little.
std::string environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

ClientConfig load_kubeconfig(const fs::path& file) {
  try {
    return KubeconfigReader(file).read();
  } catch (const YAML::Exception& error) {
    fail(file, error.mark, error.msg);
  }
}

bool in_cluster() { return !environment_variable(kServiceHost).empty() && !environment_variable(kServicePort).empty(); }

ClientConfig load_service_account(const fs::path& folder) {
  if (!in_cluster()) {
    throw ClientConfigError("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod");
  }
  const std::string host = environment_variable(kServiceHost);
  const std::string bracketed = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const auto url = parse_url("https://" + bracketed + ":" + environment_variable(kServicePort));
  if (!url.has_value()) {
    throw ClientConfigError("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT give no address: " + url.error());
  }
  ClientConfig config;
  config.server = *url;
  config.token.file = (folder / "token").string();
  config.certificate_authority.file = (folder / "ca.crt").string();
  for (const std::string* needed : {&config.token.file, &config.certificate_authority.file}) {
    if (std::error_code code; !fs::is_regular_file(*needed, code)) {
      throw ClientConfigError(*needed +
                              " is missing: the pod has no service account; set automountServiceAccountToken");
    }
  }
  return config;
}

void override_server(ClientConfig& config, const std::string& master) {
  const auto url = parse_url(master);
  if (!url.has_value()) {
    throw ClientConfigError("--master: '" + without_credentials(master) + "' is no address: " + url.error() +
                            "; give a URL such as https://10.0.0.1:6443");
  }
  config.server = *url;
}

void refuse_service_address(const ClientConfig& config, const std::vector<config::IpPrefix>& service_ranges) {
  const auto address = config::IpAddress::parse(config.server.host);
  if (!address) return;
  for (const config::IpPrefix& range : service_ranges) {
    if (!range.contains(*address)) continue;
    throw ClientConfigError("the API server " + config.server.to_string() + " is inside the service range " +
                            range.to_string() +
                            ", so the proxy would wait for itself; name one of its own addresses with --master");
  }
}

}  // namespace ferry::watch
