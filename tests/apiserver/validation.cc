#include "tests/apiserver/validation.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/names.h"
#include "tests/apiserver/service_allocator.h"

namespace ferry::apiserver {
namespace {

using Errors = std::vector<FieldError>;

FieldError duplicate(std::string field, const Json& value) {
  return {std::move(field), "FieldValueDuplicate", fmt::format("Duplicate value: {}", value.dump())};
}

void check_supported(Errors& errors, const Json& object, const char* field, const std::string& path,
                     std::initializer_list<std::string_view> supported) {
  const auto& value = field_of(object, field);
  if (value.is_null()) return;
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (std::find(supported.begin(), supported.end(), text) != supported.end()) return;
  }
  errors.push_back(
      {path, "FieldValueNotSupported",
       fmt::format("Unsupported value: {}: supported values: \"{}\"", value.dump(), fmt::join(supported, "\", \""))});
}

void check_port(Errors& errors, const Json& port, const std::string& path) {
  if (!port.is_number_integer() || port.get<std::int64_t>() < 1 || port.get<std::int64_t>() > 65535) {
    errors.push_back(invalid_value(path, port, "must be between 1 and 65535, inclusive"));
  }
}

void check_metadata(Errors& errors, const Resource& resource, const Json& metadata) {
  const auto name = text_of(metadata, "name");
  if (name.empty()) {
    if (text_of(metadata, "generateName").empty()) {
      errors.push_back(required("metadata.name", "name or generateName is required"));
    }
  } else {
    std::string_view why = dns1123_subdomain_error(name);
    if (resource.plural == "services") why = dns1035_label_error(name);
    if (resource.plural == "namespaces") why = dns1123_label_error(name);
    if (!why.empty()) errors.push_back(invalid_value("metadata.name", name, why));
  }
  for (const auto& label : field_of(metadata, "labels").items()) {
    const auto why = label_value_error(label.value().get<std::string>());
    if (!why.empty()) errors.push_back(invalid_value("metadata.labels", label.value(), why));
  }
}

void check_service_port(Errors& errors, const Json& port, const std::string& path, bool must_have_name,
                        std::set<std::string>& names) {
  const auto name = text_of(port, "name");
  if (name.empty()) {
    if (must_have_name) errors.push_back(required(path + ".name"));
  } else {
    if (const auto why = dns1123_label_error(name); !why.empty()) {
      errors.push_back(invalid_value(path + ".name", name, why));
    }
    if (!names.insert(name).second) errors.push_back(duplicate(path + ".name", name));
  }
  check_port(errors, field_of(port, "port"), path + ".port");
  check_supported(errors, port, "protocol", path + ".protocol", {"SCTP", "TCP", "UDP"});
  const auto& target = field_of(port, "targetPort");
  if (target.is_number()) check_port(errors, target, path + ".targetPort");
  if (const auto& node_port = field_of(port, "nodePort"); !node_port.is_null()) {
    check_port(errors, node_port, path + ".nodePort");
  }
}

void check_service(Errors& errors, const Json& service) {
  const auto& spec = field_of(service, "spec");
  const auto type = text_of(spec, "type");
  check_supported(errors, spec, "type", "spec.type", {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
  check_supported(errors, spec, "sessionAffinity", "spec.sessionAffinity", {"ClientIP", "None"});
  check_supported(errors, spec, "externalTrafficPolicy", "spec.externalTrafficPolicy", {"Cluster", "Local"});
  check_supported(errors, spec, "internalTrafficPolicy", "spec.internalTrafficPolicy", {"Cluster", "Local"});
  const auto& ports = field_of(spec, "ports");
  const bool headless = text_of(spec, "clusterIP") == "None";
  if (ports.empty() && !headless && type != "ExternalName") errors.push_back(required("spec.ports"));
  if (type == "ExternalName" && text_of(spec, "externalName").empty()) errors.push_back(required("spec.externalName"));
  std::set<std::string> names;
  std::set<std::string> pairs;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto path = fmt::format("spec.ports[{}]", i);
    check_service_port(errors, ports[i], path, ports.size() > 1, names);
    const Json pair = {{"protocol", field_of(ports[i], "protocol")}, {"port", field_of(ports[i], "port")}};
    if (!pairs.insert(pair.dump()).second) errors.push_back(duplicate(path, pair));
  }
  for (const auto* field : {"externalIPs", "clusterIPs"}) {
    const auto& addresses = field_of(spec, field);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      if (addresses[i] == "None" || parse_address(addresses[i].get<std::string>())) continue;
      errors.push_back(invalid_value(fmt::format("spec.{}[{}]", field, i), addresses[i],
                                     "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
    }
  }
}

void check_endpoint_address(Errors& errors, const std::string& value, const std::string& path, bool loopback_allowed) {
  const auto address = parse_address(value);
  if (!address) {
    errors.push_back(invalid_value(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
  } else if (address->is_unspecified()) {
    errors.push_back(invalid_value(path, value, "may not be unspecified (0.0.0.0 or ::)"));
  } else if (address->is_loopback() && !loopback_allowed) {
    errors.push_back(invalid_value(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
  } else if (address->is_multicast()) {
    errors.push_back(invalid_value(path, value, "may not be in the multicast range (224.0.0.0/4, ff00::/10)"));
  } else if (value.starts_with("169.254.") || (address->is_v6() && address->to_v6().is_link_local())) {
    errors.push_back(invalid_value(path, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
  }
}

void check_endpoints(Errors& errors, const Json& endpoints, bool loopback_allowed) {
  const auto& subsets = field_of(endpoints, "subsets");
  for (std::size_t s = 0; s < subsets.size(); ++s) {
    const auto path = fmt::format("subsets[{}]", s);
    if (field_of(subsets[s], "addresses").empty() && field_of(subsets[s], "notReadyAddresses").empty()) {
      errors.push_back(required(path, "must specify `addresses` or `notReadyAddresses`"));
    }
    for (const auto* field : {"addresses", "notReadyAddresses"}) {
      const auto& addresses = field_of(subsets[s], field);
      for (std::size_t i = 0; i < addresses.size(); ++i) {
        check_endpoint_address(errors, text_of(addresses[i], "ip"), fmt::format("{}.{}[{}].ip", path, field, i),
                               loopback_allowed);
      }
    }
    const auto& ports = field_of(subsets[s], "ports");
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const auto port_path = fmt::format("{}.ports[{}]", path, i);
      if (ports.size() > 1 && text_of(ports[i], "name").empty()) errors.push_back(required(port_path + ".name"));
      check_port(errors, field_of(ports[i], "port"), port_path + ".port");
      check_supported(errors, ports[i], "protocol", port_path + ".protocol", {"SCTP", "TCP", "UDP"});
    }
  }
}

void check_slice_addresses(Errors& errors, const Json& endpoint, const std::string& path, const std::string& type,
                           bool loopback_allowed) {
  const auto& addresses = field_of(endpoint, "addresses");
  if (addresses.empty()) errors.push_back(required(path + ".addresses", "must contain at least 1 address"));
  for (std::size_t i = 0; type != "FQDN" && i < addresses.size(); ++i) {
    const auto value = addresses[i].get<std::string>();
    const auto where = fmt::format("{}.addresses[{}]", path, i);
    const auto address = parse_address(value);
    if (address && address->is_v4() != (type == "IPv4")) {
      errors.push_back(invalid_value(where, value, fmt::format("must be an {} address", type)));
    } else {
      check_endpoint_address(errors, value, where, loopback_allowed);
    }
  }
}

void check_slice(Errors& errors, const Json& slice, bool loopback_allowed) {
  const auto type = text_of(slice, "addressType");
  if (type.empty()) errors.push_back(required("addressType"));
  if (!type.empty()) check_supported(errors, slice, "addressType", "addressType", {"FQDN", "IPv4", "IPv6"});
  const auto& endpoints = field_of(slice, "endpoints");
  if (endpoints.size() > 1000) {
    errors.push_back({"endpoints", "FieldValueTooMany",
                      fmt::format("Too many: {}: must have at most 1000 items", endpoints.size())});
    return;
  }
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    check_slice_addresses(errors, endpoints[i], fmt::format("endpoints[{}]", i), type, loopback_allowed);
  }
  const auto& ports = field_of(slice, "ports");
  std::set<std::string> names;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto path = fmt::format("ports[{}]", i);
    const auto name = text_of(ports[i], "name");
    if (!names.insert(name).second) errors.push_back(duplicate(path + ".name", name));
    if (!field_of(ports[i], "port").is_null()) check_port(errors, field_of(ports[i], "port"), path + ".port");
    check_supported(errors, ports[i], "protocol", path + ".protocol", {"SCTP", "TCP", "UDP"});
  }
}

void check_pod_spec(Errors& errors, const Json& spec, const std::string& at_path) {
  const auto& containers = field_of(spec, "containers");
  if (containers.empty()) errors.push_back(required(at_path + ".containers"));
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const auto path = fmt::format("{}.containers[{}]", at_path, i);
    if (text_of(containers[i], "name").empty()) errors.push_back(required(path + ".name"));
    if (text_of(containers[i], "image").empty()) errors.push_back(required(path + ".image"));
    const auto& ports = field_of(containers[i], "ports");
    for (std::size_t p = 0; p < ports.size(); ++p) {
      check_port(errors, field_of(ports[p], "containerPort"), fmt::format("{}.ports[{}].containerPort", path, p));
    }
  }
}

bool is_zero(const Json& int_or_percent) {
  return int_or_percent.is_null() || int_or_percent == 0 || int_or_percent == "0%";
}

void check_daemon_set(Errors& errors, const Json& daemon_set) {
  const auto& spec = field_of(daemon_set, "spec");
  const auto& labels = field_of(field_of(field_of(spec, "template"), "metadata"), "labels");
  const auto& selector = field_of(field_of(spec, "selector"), "matchLabels");
  if (selector.empty()) errors.push_back(required("spec.selector"));
  for (const auto& wanted : selector.items()) {
    if (field_of(labels, wanted.key().c_str()) == wanted.value()) continue;
    errors.push_back(
        invalid_value("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
    break;
  }
  check_pod_spec(errors, field_of(field_of(spec, "template"), "spec"), "spec.template.spec");
  const auto& rolling = field_of(field_of(spec, "updateStrategy"), "rollingUpdate");
  if (rolling.is_null()) return;
  const auto& unavailable = field_of(rolling, "maxUnavailable");
  const bool surges = !is_zero(field_of(rolling, "maxSurge"));
  const std::string path = "spec.updateStrategy.rollingUpdate";
  if (!is_zero(unavailable) && surges) {
    errors.push_back(invalid_value(path + ".maxUnavailable", unavailable, "may not be set when maxSurge is non-zero"));
  } else if (is_zero(unavailable) && !surges) {
    errors.push_back(required(path + ".maxUnavailable", "cannot be 0 when maxSurge is 0"));
  }
}

}  // namespace

FieldError invalid_value(std::string field, const Json& value, std::string_view why) {
  return {std::move(field), "FieldValueInvalid", fmt::format("Invalid value: {}: {}", value.dump(), why)};
}

FieldError required(std::string field, std::string_view why) {
  return {std::move(field), "FieldValueRequired",
          why.empty() ? std::string("Required value") : fmt::format("Required value: {}", why)};
}

Errors validate(const Resource& resource, const Json& object, bool loopback_allowed) {
  Errors errors;
  check_metadata(errors, resource, field_of(object, "metadata"));
  if (resource.plural == "services") check_service(errors, object);
  if (resource.plural == "endpoints") check_endpoints(errors, object, loopback_allowed);
  if (resource.plural == "endpointslices") check_slice(errors, object, loopback_allowed);
  if (resource.plural == "pods") check_pod_spec(errors, field_of(object, "spec"), "spec");
  if (resource.plural == "daemonsets") check_daemon_set(errors, object);
  return errors;
}

Errors validate_change(const Resource& resource, const Json& old, const Json& object) {
  Errors errors;
  if (resource.plural == "endpointslices" && text_of(old, "addressType") != text_of(object, "addressType")) {
    errors.push_back(invalid_value("addressType", field_of(object, "addressType"), "field is immutable"));
  }
  if (resource.plural == "pods") {
    const auto node = text_of(field_of(old, "spec"), "nodeName");
    if (!node.empty() && node != text_of(field_of(object, "spec"), "nodeName")) {
      errors.push_back({"spec", "FieldValueForbidden",
                        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`"});
    }
  }
  return errors;
}

}  // namespace ferry::apiserver
