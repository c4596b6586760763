#include <algorithm>
#include <chrono>
#include <utility>

#include "watch/codec/decode_object.h"
#include "watch/codec/fields.h"
#include "watch/codec/metadata.h"
#include "watch/codec/v1/formats.h"

namespace ferry::watch::codec::v1 {
namespace {

constexpr std::string_view kProxyNameLabel = "service.kubernetes.io/service-proxy-name";
constexpr std::string_view kHeadlessLabel = "service.kubernetes.io/headless";
constexpr std::string_view kOwnAnnotations = "kube-ferry.io/";
constexpr std::int64_t kMaxAffinitySeconds = 86400;

class ServiceDraft {
 public:
  using Value = config::Service;
  static constexpr ObjectType kType{"Service", "v1"};
  static constexpr ReadMeta read_meta = &read_object_metadata;

  void member(JsonReader& in, std::string_view key);
  void complete(JsonReader& in);

  ObjectMeta meta;
  config::Service value;
  Remarks remarks;

 private:
  void read_metadata(JsonReader& in);
  void read_label(std::string_view key, std::string_view text);
  void read_spec(JsonReader& in, std::string_view key);
  void read_access(JsonReader& in, std::string_view key);
  void read_port(JsonReader& in);
  void read_cluster_ip(JsonReader& in, std::vector<config::IpAddress>& out);
  void read_source_ranges(JsonReader& in);
  void read_affinity_config(JsonReader& in);
  void read_ingress(JsonReader& in);
  config::ServiceType read_type(JsonReader& in);
  config::TrafficPolicy read_policy(JsonReader& in);

  std::vector<config::IpAddress> cluster_ip_;
  std::vector<config::IpAddress> cluster_ips_;
  bool headless_ = false;
};

void ServiceDraft::member(JsonReader& in, std::string_view key) {
  if (key == "metadata") {
    read_metadata(in);
  } else if (key == "spec") {
    in.members([&](std::string_view field) { read_spec(in, field); });
  } else if (key == "status") {
    in.members([&](std::string_view field) {
      if (field != "loadBalancer") return;
      in.members([&](std::string_view inner) {
        if (inner == "ingress") in.elements([&](std::size_t) { read_ingress(in); });
      });
    });
  }
}

void ServiceDraft::read_metadata(JsonReader& in) {
  in.members([&](std::string_view key) {
    if (key == "labels") {
      read_map(in, [&](std::string_view label, std::string_view text) { read_label(label, text); });
    } else if (key == "annotations") {
      read_annotations(in, meta, [&](std::string_view name, std::string_view text) {
        if (name.starts_with(kOwnAnnotations))
          value.annotations[std::string(name.substr(kOwnAnnotations.size()))] = text;
      });
    } else {
      read_metadata_member(in, key, meta);
    }
  });
}

void ServiceDraft::read_label(std::string_view key, std::string_view text) {
  if (key == kProxyNameLabel) value.service_proxy_name = text;
  if (key == kHeadlessLabel) headless_ = true;
}

void ServiceDraft::read_spec(JsonReader& in, std::string_view key) {
  if (key == "type") {
    value.type = read_type(in);
  } else if (key == "clusterIP") {
    read_cluster_ip(in, cluster_ip_);
  } else if (key == "clusterIPs") {
    in.elements([&](std::size_t) { read_cluster_ip(in, cluster_ips_); });
  } else if (key == "ports") {
    in.elements([&](std::size_t) { read_port(in); });
  } else if (key == "sessionAffinity") {
    if (in.text() == "ClientIP") value.session_affinity = config::SessionAffinity::kClientIp;
  } else if (key == "sessionAffinityConfig") {
    read_affinity_config(in);
  } else {
    read_access(in, key);
  }
}

void ServiceDraft::read_access(JsonReader& in, std::string_view key) {
  if (key == "externalIPs") {
    in.elements([&](std::size_t) { read_address(in, value.external_ips, remarks); });
  } else if (key == "loadBalancerSourceRanges") {
    read_source_ranges(in);
  } else if (key == "internalTrafficPolicy") {
    value.internal_traffic_policy = read_policy(in);
  } else if (key == "externalTrafficPolicy") {
    value.external_traffic_policy = read_policy(in);
  } else if (key == "healthCheckNodePort") {
    value.health_check_node_port = read_port_number(in).value_or(0);
  }
}

void ServiceDraft::read_port(JsonReader& in) {
  const PortFields fields = read_port_fields(in);
  if (fields.port.value_or(0) == 0) return in.fail("a service port needs a port from 1 to 65535");
  if (!fields.protocol) return remarks.add(in, "its protocol is not known");
  value.ports.push_back({fields.name.value_or(""), *fields.protocol, *fields.port, fields.node_port.value_or(0)});
}

void ServiceDraft::read_cluster_ip(JsonReader& in, std::vector<config::IpAddress>& out) {
  const auto text = in.text();
  if (!text || text->empty() || *text == "None") return;
  const auto address = config::IpAddress::parse(*text);
  if (!address) return in.fail(is_not(*text, "an IP address"));
  const bool family_seen = std::any_of(
      out.begin(), out.end(), [&](const config::IpAddress& other) { return other.family() == address->family(); });
  if (!family_seen) out.push_back(*address);
}

// A range left out would let in whom it was to keep out, once it was the only one.
void ServiceDraft::read_source_ranges(JsonReader& in) {
  in.elements([&](std::size_t) {
    const auto text = in.text();
    if (!text) return;
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t first = std::min(text->find_first_not_of(kBlanks), text->size());
    const std::string_view trimmed = text->substr(first, text->find_last_not_of(kBlanks) + 1 - first);
    const auto range = config::IpPrefix::parse(trimmed);
    if (!range) return in.fail(is_not(*text, "an address range"));
    value.load_balancer_source_ranges.push_back(*range);
  });
}

void ServiceDraft::read_affinity_config(JsonReader& in) {
  in.members([&](std::string_view key) {
    if (key != "clientIP") return;
    in.members([&](std::string_view field) {
      if (field != "timeoutSeconds") return;
      const auto seconds = in.integer(0, kMaxAffinitySeconds, "a time from 1 to 86400 seconds");
      if (seconds.value_or(0) != 0) value.affinity_timeout = std::chrono::seconds(*seconds);
    });
  });
}

void ServiceDraft::read_ingress(JsonReader& in) {
  std::vector<config::IpAddress> ip;
  bool captured = true;
  in.members([&](std::string_view key) {
    if (key == "ip") {
      read_address(in, ip, remarks);
    } else if (key == "ipMode") {
      const auto mode = in.text();
      captured = !mode || *mode == "VIP";
    }
  });
  if (captured) value.load_balancer_ips.insert(value.load_balancer_ips.end(), ip.begin(), ip.end());
}

config::ServiceType ServiceDraft::read_type(JsonReader& in) {
  const auto text = in.text().value_or("");
  if (text == "NodePort") return config::ServiceType::kNodePort;
  if (text == "LoadBalancer") return config::ServiceType::kLoadBalancer;
  if (text == "ExternalName") return config::ServiceType::kExternalName;
  if (!text.empty() && text != "ClusterIP") remarks.add(in, is_not(text, "a type known here"));
  return config::ServiceType::kClusterIp;
}

// A policy not known here is read as Cluster, as kube-proxy does: serving too widely beats not serving.
config::TrafficPolicy ServiceDraft::read_policy(JsonReader& in) {
  const auto text = in.text().value_or("");
  if (text == "Local") return config::TrafficPolicy::kLocal;
  if (!text.empty() && text != "Cluster") remarks.add(in, is_not(text, "a policy known here"));
  return config::TrafficPolicy::kCluster;
}

void ServiceDraft::complete(JsonReader& in) {
  require_namespaced(in, meta);
  value.name = meta.name;
  // Servers before 1.20 write clusterIP alone.
  if (!headless_) value.cluster_ips = std::move(cluster_ips_.empty() ? cluster_ip_ : cluster_ips_);
}

}  // namespace

constinit const WireFormat<config::Service> kServices{
    "v1", "services", "/api/v1", false, &decode<ServiceDraft>, &decode_meta<ServiceDraft>};

}  // namespace ferry::watch::codec::v1
