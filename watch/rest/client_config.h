#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "config/ip_address.h"
#include "watch/rest/url.h"

namespace ferry::watch {

/// A PEM text or token that is either given or kept in a file. The file wins, and is read again when it changes.
struct Secret {
  std::string data;
  std::string file;

  bool empty() const { return data.empty() && file.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;
};

/// How to reach an API server and who to be there.
struct ClientConfig {
  Url server;
  /// Empty: the system's certificate authorities.
  Secret certificate_authority;
  /// Both or neither.
  Secret client_certificate;
  Secret client_key;
  Secret token;
  std::string username;
  std::string password;
  /// The name the server's certificate must bear; empty: the URL's host.
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  /// Never connect to an address in one of these: a proxy would wait for itself.
  std::vector<config::IpPrefix> refused_ranges;
  /// To connect, handshake included.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  /// Silence allowed before the head of an answer, and between two parts of a list.
  std::chrono::milliseconds read_timeout = std::chrono::seconds(30);
  /// How often, at most, files that hold secrets are looked at for changes.
  std::chrono::milliseconds secret_check_interval = std::chrono::seconds(1);
  std::string user_agent = "kube-ferry";

  friend bool operator==(const ClientConfig&, const ClientConfig&) = default;
};

}  // namespace ferry::watch
