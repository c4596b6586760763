#include "tests/apiserver/service_admission.h"

#include <string>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/validation.h"

namespace ferry::apiserver {
namespace {

/// The work on one service: what it was, what it becomes.
class Admission {
 public:
  Admission(ServiceAllocator& allocator, Json& service, const Object* old, Release release)
      : allocator_(allocator),
        service_(service),
        spec_(service["spec"]),
        old_spec_(old == nullptr ? Json::object() : old->value.value("spec", Json::object())),
        release_(release) {
    const auto& metadata = service["metadata"];
    key_ = fmt::format("{}/{}", metadata.value("namespace", ""), metadata.value("name", ""));
  }

  Result<Json> run() {
    const auto type = spec_.value("type", "");
    if (type == "ExternalName") {
      for (const char* field : {"clusterIPs", "ipFamilies", "ipFamilyPolicy"}) spec_.erase(field);
      if (spec_.value("clusterIP", "") != "None") spec_.erase("clusterIP");
    } else {
      keep_old_addresses();
      fill_from_each_other();
      if (auto error = check_immutable()) return *error;
      if (auto error = give_addresses()) return *error;
    }
    if (type == "NodePort" || (type == "LoadBalancer" && spec_.value("allocateLoadBalancerNodePorts", true))) {
      if (auto error = give_node_ports()) return *error;
    }
    if (type == "LoadBalancer" && spec_.value("externalTrafficPolicy", "") == "Local") give_health_check_port();
    return ok(std::move(service_));
  }

 private:
  [[nodiscard]] Status refuse(const FieldError& error) const {
    return invalid("Service", service_["metadata"].value("name", ""), {error});
  }

  /// A replacement that says nothing of addresses keeps them.
  void keep_old_addresses() {
    if (!spec_.value("clusterIP", "").empty() || spec_.contains("clusterIPs")) return;
    for (const char* field : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
      if (old_spec_.contains(field) && !spec_.contains(field)) spec_[field] = old_spec_[field];
    }
  }

  void fill_from_each_other() {
    if (!spec_.contains("clusterIPs") && !spec_.value("clusterIP", "").empty()) {
      spec_["clusterIPs"] = Json::array({spec_["clusterIP"]});
    } else if (spec_.contains("clusterIPs") && spec_.value("clusterIP", "").empty()) {
      spec_["clusterIP"] = spec_["clusterIPs"][0];
    }
  }

  [[nodiscard]] std::optional<Status> check_immutable() const {
    const auto was = old_spec_.value("clusterIP", "");
    const auto is = spec_.value("clusterIP", "");
    if (was.empty() || was == is || old_spec_.value("type", "") == "ExternalName") return std::nullopt;
    return refuse(invalid_value("spec.clusterIPs[0]", is, "may not change once set"));
  }

  [[nodiscard]] std::vector<std::string> wanted_families() const {
    std::vector<std::string> families;
    if (spec_.contains("ipFamilies")) {
      for (const auto& family : spec_["ipFamilies"]) families.push_back(family.get<std::string>());
    } else if (spec_.contains("clusterIPs") && spec_["clusterIPs"][0] != "None") {
      for (const auto& text : spec_["clusterIPs"]) {
        const auto address = parse_address(text.get<std::string>());
        families.emplace_back(address && address->is_v6() ? "IPv6" : "IPv4");
      }
    }
    if (families.empty()) families.push_back(allocator_.families().front());
    const auto policy = spec_.value("ipFamilyPolicy", "SingleStack");
    if (policy != "SingleStack" && families.size() == 1) {
      for (const auto& family : allocator_.families()) {
        if (family != families.front()) families.push_back(family);
      }
    }
    return families;
  }

  std::optional<Status> give_addresses() {
    const auto families = wanted_families();
    if (spec_.value("clusterIP", "") == "None") {
      spec_["clusterIPs"] = Json::array({"None"});
    } else {
      Json addresses = spec_.value("clusterIPs", Json::array());
      for (std::size_t i = 0; i < families.size(); ++i) {
        if (i < addresses.size()) {
          if (auto error = check_wanted(addresses[i].get<std::string>(), i)) return error;
          continue;
        }
        const auto address = allocator_.allocate(families[i]);
        if (!address) {
          return refuse(invalid_value(fmt::format("spec.ipFamilies[{}]", i), families[i],
                                      "not configured on this cluster, or its range is full"));
        }
        addresses.push_back(*address);
      }
      spec_["clusterIP"] = addresses[0];
      spec_["clusterIPs"] = addresses;
    }
    if (release_ == Release::k1_20) return std::nullopt;
    spec_["ipFamilies"] = families;
    if (!spec_.contains("ipFamilyPolicy")) {
      spec_["ipFamilyPolicy"] = families.size() > 1 ? "PreferDualStack" : "SingleStack";
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Status> check_wanted(const std::string& text, std::size_t index) const {
    const auto field = fmt::format("spec.clusterIPs[{}]", index);
    const auto address = parse_address(text);
    if (!address || !allocator_.contains(*address)) {
      return refuse(invalid_value(
          field, Json::array({text}),
          fmt::format("failed to allocate IP {}: the provided IP ({}) is not in the valid range. The range of valid "
                      "IPs is {}",
                      text, text, allocator_.ranges())));
    }
    const auto owner = allocator_.owner(address->to_string());
    if (!owner.empty() && owner != key_) {
      return refuse(invalid_value(field, Json::array({text}),
                                  fmt::format("failed to allocate IP {}: provided IP is already allocated", text)));
    }
    return std::nullopt;
  }

  /// The node port the old state had for the same port and protocol; 0 for none.
  [[nodiscard]] int old_node_port(const Json& port) const {
    if (!old_spec_.contains("ports")) return 0;
    for (const auto& old : old_spec_["ports"]) {
      if (old.value("port", 0) == port.value("port", 0) && old.value("protocol", "") == port.value("protocol", "")) {
        return old.value("nodePort", 0);
      }
    }
    return 0;
  }

  std::optional<Status> give_node_ports() {
    auto& ports = spec_["ports"];
    for (std::size_t i = 0; i < ports.size(); ++i) {
      auto& port = ports[i];
      const auto field = fmt::format("spec.ports[{}].nodePort", i);
      const int wanted = port.value("nodePort", 0) != 0 ? port.value("nodePort", 0) : old_node_port(port);
      if (wanted == 0) {
        const auto given = allocator_.allocate_node_port();
        if (!given) return refuse(invalid_value(field, 0, "the node ports are all allocated"));
        port["nodePort"] = *given;
        continue;
      }
      if (wanted < 30000 || wanted > 32767) {
        return refuse(invalid_value(
            field, wanted, "provided port is not in the valid range. The range of valid ports is 30000-32767"));
      }
      if (allocator_.node_port_taken(wanted, key_)) {
        return refuse(invalid_value(field, wanted, "provided port is already allocated"));
      }
      port["nodePort"] = wanted;
    }
    return std::nullopt;
  }

  void give_health_check_port() {
    if (spec_.value("healthCheckNodePort", 0) != 0) return;
    if (const auto old = old_spec_.value("healthCheckNodePort", 0); old != 0) {
      spec_["healthCheckNodePort"] = old;
    } else if (const auto given = allocator_.allocate_node_port()) {
      spec_["healthCheckNodePort"] = *given;
    }
  }

  ServiceAllocator& allocator_;
  Json& service_;
  Json& spec_;
  Json old_spec_;
  Release release_;
  std::string key_;
};

}  // namespace

Result<Json> admit_service(ServiceAllocator& allocator, Json service, const Object* old, Release release) {
  return Admission(allocator, service, old, release).run();
}

}  // namespace ferry::apiserver
