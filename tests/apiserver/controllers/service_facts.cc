#include "tests/apiserver/controllers/service_facts.h"

#include <utility>

namespace ferry::apiserver {
namespace {

std::uint16_t port_number(const Json& value) {
  if (!value.is_number_integer()) return 0;
  const auto number = value.get<std::int64_t>();
  return number > 0 && number <= 65535 ? static_cast<std::uint16_t>(number) : std::uint16_t{0};
}

ServicePortFacts read_port(const Json& port) {
  ServicePortFacts facts;
  facts.name = text_at(port, {"name"});
  facts.app_protocol = text_at(port, {"appProtocol"});
  if (std::string protocol = text_at(port, {"protocol"}); !protocol.empty()) facts.protocol = std::move(protocol);
  if (std::string name = text_at(port, {"targetPort"}); !name.empty()) {
    facts.target = std::move(name);
    return facts;
  }
  const std::uint16_t target = port_number(value_at(port, {"targetPort"}));
  facts.target = target != 0 ? target : port_number(value_at(port, {"port"}));
  return facts;
}

std::vector<std::string> read_families(const Json& service) {
  std::vector<std::string> families;
  for (const Json& family : array_at(service, {"spec", "ipFamilies"})) {
    if (family == "IPv4" || family == "IPv6") families.push_back(family.get<std::string>());
  }
  if (!families.empty()) return families;
  const bool is_v6 = text_at(service, {"spec", "clusterIP"}).find(':') != std::string::npos;
  return {is_v6 ? "IPv6" : "IPv4"};
}

}  // namespace

ServiceFacts read_service(const Json& service) {
  ServiceFacts facts;
  facts.key = {.name_space = text_at(service, {"metadata", "namespace"}),
               .name = text_at(service, {"metadata", "name"})};
  facts.uid = text_at(service, {"metadata", "uid"});
  facts.labels = labels_at(service, {"metadata", "labels"});
  facts.selector = labels_at(service, {"spec", "selector"});
  for (const Json& port : array_at(service, {"spec", "ports"})) facts.ports.push_back(read_port(port));
  facts.families = read_families(service);
  facts.headless = text_at(service, {"spec", "clusterIP"}) == "None";
  facts.publish_not_ready = value_at(service, {"spec", "publishNotReadyAddresses"}) == true;
  facts.external_name = text_at(service, {"spec", "type"}) == "ExternalName";
  return facts;
}

}  // namespace ferry::apiserver
