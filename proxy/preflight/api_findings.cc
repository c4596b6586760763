#include "proxy/preflight/api_findings.h"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

using Failure = ApiReport::Failure;
using Right = ApiReport::Right;

constexpr const char* kServer = "API server";
constexpr const char* kRights = "rights";
constexpr const char* kNode = "node";
constexpr std::chrono::milliseconds kSlow{1000};

std::string remedy_of(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::kUnknownName:
      return "give the server by its address in --master or the kubeconfig; the cluster's own names and addresses need "
             "a service proxy to be reached";
    case Failure::Kind::kRefused:
      return "start the API server, or give its right address and port in --master or the kubeconfig";
    case Failure::Kind::kTimeout:
      return "give the right address in --master or the kubeconfig, and let a firewall between pass";
    case Failure::Kind::kCertificate:
      return "give the cluster's authority as certificate-authority in the kubeconfig, and the server by a name or "
             "address that its certificate bears; an expired certificate may be a wrong clock";
    case Failure::Kind::kTls:
      return "give https:// where the server speaks TLS and http:// where not, and certificates that belong together";
    case Failure::Kind::kUnauthorized:
      return "renew the token or the client certificate in the kubeconfig, or that of the pod's service account";
    case Failure::Kind::kOther:
      break;
  }
  return "see that an API server is what answers there";
}

std::string name_of(const Right& right) { return fmt::format("{} {}", right.verb, right.resource); }

std::vector<std::string> names_of(const std::vector<Right>& rights, std::optional<bool> allowed, bool essential) {
  std::vector<std::string> names;
  for (const Right& right : rights) {
    if (right.allowed == allowed && right.essential == essential) names.push_back(name_of(right));
  }
  return names;
}

Findings check_rights(const std::vector<Right>& rights) {
  constexpr const char* kGrant =
      "bind the cluster role system:node-proxier, with list and watch on servicecidrs.networking.k8s.io beside, to the "
      "user or service account";
  Findings findings;
  if (const auto missing = names_of(rights, false, true); !missing.empty()) {
    findings.push_back(error(kRights, fmt::format("it may not {}", fmt::join(missing, ", ")), kGrant));
  }
  if (const auto missing = names_of(rights, false, false); !missing.empty()) {
    findings.push_back(warning(
        kRights,
        fmt::format("it may not {}: the node's zone, or the service ranges, stay unknown", fmt::join(missing, ", ")),
        kGrant));
  }
  const bool untold = std::any_of(rights.begin(), rights.end(), [](const Right& right) { return !right.allowed; });
  if (untold) {
    findings.push_back(
        warning(kRights, "the server does not tell what it may do",
                "let it create selfsubjectaccessreviews.authorization.k8s.io, which everybody may who is "
                "known to the server (cluster role system:basic-user)"));
  }
  if (findings.empty() && !rights.empty()) {
    std::vector<std::string> resources;
    for (const Right& right : rights) {
      if (right.verb == "list") resources.push_back(right.resource);
    }
    findings.push_back(ok(kRights, fmt::format("it may list and watch {}", fmt::join(resources, ", "))));
  }
  return findings;
}

Finding check_node(const ApiReport& report) {
  if (!report.has_node) {
    return warning(kNode, fmt::format("whether the cluster has a node {} could not be asked", report.node_name),
                   "let it list nodes");
  }
  if (*report.has_node) return ok(kNode, fmt::format("the cluster has a node {}", report.node_name));
  return error(kNode,
               fmt::format("the cluster has no node {}: no endpoint would count as local, and its zone is unknown",
                           report.node_name),
               "give the node's name, as `kubectl get nodes` tells it, by --hostname-override");
}

}  // namespace

Findings check_api(const ApiReport& report) {
  if (report.failure) {
    return {
        error(kServer, fmt::format("{}: {}", report.server, report.failure->text), remedy_of(report.failure->kind))};
  }
  Findings findings;
  const std::string answered = fmt::format("{} answered within {} ms{}", report.server, report.time.count(),
                                           report.version.empty() ? "" : fmt::format(" and is {}", report.version));
  findings.push_back(report.time < kSlow ? ok(kServer, answered)
                                         : warning(kServer, answered, "see what is slow, the server or the way to it"));
  const Findings rights = check_rights(report.rights);
  findings.insert(findings.end(), rights.begin(), rights.end());
  if (!report.node_name.empty()) findings.push_back(check_node(report));
  return findings;
}

}  // namespace ferry::proxy
