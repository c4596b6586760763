#include "proxy/cli/service_names.h"

#include <algorithm>
#include <variant>

#include "proxy/cli/decode.h"

namespace ferry::cli {

std::vector<std::string> service_names(const Ask& ask, const std::string& beginning, std::size_t most) {
  const auto answer = collect_services(ask, {beginning, ""}, most);
  const auto* const collected = std::get_if<CollectedServices>(&answer);
  if (collected == nullptr) return {};
  std::vector<std::string> names;
  for (const Json& item : collected->items) {
    const ServicePort port = decode_service_port(item);
    std::string name = port.namespace_name + "/" + port.name;
    if (name.starts_with(beginning)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace ferry::cli
