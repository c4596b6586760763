#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxy/preflight/finding.h"

namespace ferry::proxy {

/// What came of asking the API server, as a check needs it.
struct ApiReport {
  /// Why nothing, or one thing, could be asked.
  struct Failure {
    enum class Kind : std::uint8_t {
      kUnknownName,
      kRefused,
      kTimeout,
      /// The server's certificate is not one to be trusted.
      kCertificate,
      /// TLS failed otherwise, or a certificate or key of ours cannot be used.
      kTls,
      /// Who asks is not known to the server (401).
      kUnauthorized,
      kOther
    };
    Kind kind = Kind::kOther;
    /// One clause.
    std::string text;
  };

  /// One thing that is asked of the server all the time.
  struct Right {
    std::string verb;
    /// As in a role: "endpointslices.discovery.k8s.io".
    std::string resource;
    /// None: the server did not tell.
    std::optional<bool> allowed;
    /// Nothing works without it.
    bool essential = true;
  };

  /// The URL.
  std::string server;
  /// Of reaching it at all: what follows is empty then.
  std::optional<Failure> failure;
  /// "v1.36.4"; empty where the server does not tell.
  std::string version;
  std::chrono::milliseconds time{0};
  std::vector<Right> rights;
  /// The node that is looked for; empty: none is.
  std::string node_name;
  /// None: it could not be asked for.
  std::optional<bool> has_node;
};

/// What the server did: reached, rights, the node's object.
Findings check_api(const ApiReport& report);

}  // namespace ferry::proxy
