#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/apiserver/controllers/json_view.h"
#include "tests/apiserver/controllers/object_key.h"

namespace ferry::apiserver {

/// What a Pod says, as far as an endpoint follows from it: two that are equal give the same endpoint.
struct PodFacts {
  ObjectKey key;
  std::string uid;
  LabelMap labels;
  std::string node;
  /// status.podIPs, or status.podIP alone. Empty until a kubelet (or a test) has written the status.
  std::vector<std::string> ips;
  std::string hostname;
  std::string subdomain;
  /// The numbers of the containers' ports, by name and protocol. The first container that has one rules.
  std::map<std::pair<std::string, std::string>, std::uint16_t> named_ports;
  /// Its condition Ready is True.
  bool ready = false;
  bool terminating = false;
  /// It has ended and will never serve again.
  bool finished = false;

  friend bool operator==(const PodFacts&, const PodFacts&) = default;
};

/// Whether a Pod is in the phase Succeeded or Failed.
bool is_finished(const Json& pod);

/// Reads a Pod. Parts of a wrong type count as absent.
PodFacts read_pod(const Json& pod);

/// "IPv4" or "IPv6".
std::string family_of(const std::string& ip);

}  // namespace ferry::apiserver
