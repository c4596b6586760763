#include "tests/e2e/objects.h"

namespace ferry::testing {

Json service_object(const std::string& name, std::uint16_t target_port) {
  return Json{{"apiVersion", "v1"},
              {"kind", "Service"},
              {"metadata", {{"name", name}}},
              {"spec",
               {{"selector", {{"app", name}}},
                {"ports", Json::array({{{"port", kServicePort}, {"targetPort", target_port}}})}}}};
}

Json pod_object(const std::string& name, const std::string& app) {
  return Json{{"apiVersion", "v1"},
              {"kind", "Pod"},
              {"metadata", {{"name", name}, {"labels", {{"app", app}}}}},
              {"spec", {{"containers", Json::array({{{"name", "echo"}, {"image", "echo"}}})}}}};
}

Json running_status(const std::string& address) {
  return Json{{"status",
               {{"phase", "Running"},
                {"podIP", address},
                {"podIPs", Json::array({{{"ip", address}}})},
                {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}}}};
}

Json node_object(const std::string& name) {
  return Json{{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", name}}}};
}

}  // namespace ferry::testing
