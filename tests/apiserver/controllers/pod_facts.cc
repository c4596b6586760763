#include "tests/apiserver/controllers/pod_facts.h"

#include <algorithm>

namespace ferry::apiserver {
namespace {

std::vector<std::string> read_ips(const Json& pod) {
  std::vector<std::string> ips;
  for (const Json& entry : array_at(pod, {"status", "podIPs"})) {
    if (std::string ip = text_at(entry, {"ip"}); !ip.empty()) ips.push_back(std::move(ip));
  }
  if (std::string ip = text_at(pod, {"status", "podIP"}); ips.empty() && !ip.empty()) ips.push_back(std::move(ip));
  return ips;
}

void read_named_ports(const Json& container, PodFacts& facts) {
  for (const Json& port : array_at(container, {"ports"})) {
    const Json& number = value_at(port, {"containerPort"});
    const std::string name = text_at(port, {"name"});
    const std::string protocol = text_at(port, {"protocol"});
    if (name.empty() || !number.is_number_integer()) continue;
    if (const auto wide = number.get<std::int64_t>(); wide > 0 && wide <= 65535) {
      facts.named_ports.try_emplace({name, protocol.empty() ? "TCP" : protocol}, static_cast<std::uint16_t>(wide));
    }
  }
}

bool is_ready(const Json& pod) {
  const Json& conditions = array_at(pod, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
    return text_at(condition, {"type"}) == "Ready" && text_at(condition, {"status"}) == "True";
  });
}

}  // namespace

bool is_finished(const Json& pod) {
  const std::string phase = text_at(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

PodFacts read_pod(const Json& pod) {
  PodFacts facts;
  facts.key = {.name_space = text_at(pod, {"metadata", "namespace"}), .name = text_at(pod, {"metadata", "name"})};
  facts.uid = text_at(pod, {"metadata", "uid"});
  facts.labels = labels_at(pod, {"metadata", "labels"});
  facts.node = text_at(pod, {"spec", "nodeName"});
  facts.ips = read_ips(pod);
  facts.hostname = text_at(pod, {"spec", "hostname"});
  facts.subdomain = text_at(pod, {"spec", "subdomain"});
  for (const Json& container : array_at(pod, {"spec", "containers"})) read_named_ports(container, facts);
  for (const Json& container : array_at(pod, {"spec", "initContainers"})) {
    // An init container that restarts always is a side-car: it lives as long as the pod and may serve.
    if (text_at(container, {"restartPolicy"}) == "Always") read_named_ports(container, facts);
  }
  facts.ready = is_ready(pod);
  facts.terminating = !text_at(pod, {"metadata", "deletionTimestamp"}).empty();
  facts.finished = is_finished(pod);
  return facts;
}

std::string family_of(const std::string& ip) { return ip.find(':') == std::string::npos ? "IPv4" : "IPv6"; }

}  // namespace ferry::apiserver
