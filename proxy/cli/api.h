#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What docs/api.md says, as plain values. Every text in them is printable (proxy/cli/text.h).
namespace ferry::cli {

struct Counts {
  std::uint64_t open = 0;
  std::uint64_t accepted = 0;
  std::uint64_t failed = 0;
  std::uint64_t retried = 0;
  std::uint64_t bytes_to_backend = 0;
  std::uint64_t bytes_to_client = 0;

  friend bool operator==(const Counts&, const Counts&) = default;
};

/// A second.
struct Rates {
  double connections = 0;
  double failures = 0;
  double bytes_to_backend = 0;
  double bytes_to_client = 0;

  double bytes() const { return bytes_to_backend + bytes_to_client; }
  friend bool operator==(const Rates&, const Rates&) = default;
};

/// Milliseconds; none without a dial lately.
struct ConnectTimes {
  std::optional<double> p50;
  std::optional<double> p99;

  friend bool operator==(const ConnectTimes&, const ConnectTimes&) = default;
};

struct Status {
  std::string version;
  std::string node;
  /// How long the daemon has been running, by its own clock.
  std::optional<std::chrono::seconds> uptime;
  bool synced = false;
  bool healthy = false;
  std::uint64_t service_ports = 0;
  std::uint64_t endpoints_ejected = 0;
  std::uint64_t unserved = 0;
  /// Carried by the relay and steered, together.
  Counts connections;
  Rates rates;
  ConnectTimes connect;

  friend bool operator==(const Status&, const Status&) = default;
};

struct ServicePort {
  std::string namespace_name;
  std::string name;
  std::string port;
  std::string protocol;
  std::vector<std::string> addresses;
  bool removed = false;
  std::string load_balancing;
  std::uint64_t endpoints_used = 0;
  std::uint64_t endpoints_ejected = 0;
  std::uint64_t endpoints_draining = 0;
  /// Where new connections go: "steered", "relay", or "paused", which is the relay for a while.
  std::string path = "relay";
  /// Of both paths together.
  Counts connections;
  Rates rates;
  ConnectTimes connect;

  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

struct ServiceList {
  std::uint64_t total = 0;
  std::uint64_t matched = 0;
  std::uint64_t offset = 0;
  std::vector<ServicePort> items;

  friend bool operator==(const ServiceList&, const ServiceList&) = default;
};

/// An annotation under kube-ferry.io/.
struct Setting {
  std::string key;
  std::string value;
  std::string in_force;
  std::string error;

  friend bool operator==(const Setting&, const Setting&) = default;
};

struct Endpoint {
  /// Address and port as one word.
  std::string address;
  std::string node;
  bool local = false;
  std::string state;
  std::string why;
  Counts connections;
  std::optional<double> connect_ms;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct PortDetail {
  ServicePort summary;
  std::uint64_t number = 0;
  std::vector<Setting> settings;
  std::vector<std::string> words;
  std::vector<Endpoint> endpoints;

  friend bool operator==(const PortDetail&, const PortDetail&) = default;
};

struct ServiceDetail {
  std::string namespace_name;
  std::string name;
  std::vector<PortDetail> ports;

  friend bool operator==(const ServiceDetail&, const ServiceDetail&) = default;
};

struct Connection {
  /// Empty where the daemon hides it.
  std::string client;
  std::string namespace_name;
  std::string name;
  std::string port;
  std::string address;
  /// Empty while there is none.
  std::string endpoint;
  std::string state;
  std::uint64_t attempts = 0;
  std::uint64_t bytes_to_backend = 0;
  std::uint64_t bytes_to_client = 0;
  std::chrono::milliseconds age{0};
  std::chrono::milliseconds idle{0};
  std::uint64_t worker = 0;

  friend bool operator==(const Connection&, const Connection&) = default;
};

struct ConnectionList {
  std::uint64_t open = 0;
  bool clients_hidden = false;
  std::vector<Connection> items;

  friend bool operator==(const ConnectionList&, const ConnectionList&) = default;
};

}  // namespace ferry::cli
