#include "proxy/daemon/load_options.h"

#include <utility>
#include <variant>

#include "proxy/daemon/config_file.h"

namespace ferry::proxy {

LoadedOptions load_options(std::vector<std::string> arguments) {
  auto options = std::get<Options>(parse_options(arguments));
  if (options.config.empty()) return {std::move(options), {}};
  ConfigFile file = read_config_file(options.config);
  arguments.insert(arguments.begin(), file.arguments.begin(), file.arguments.end());
  return {std::get<Options>(parse_options(std::move(arguments))), std::move(file.without_effect)};
}

}  // namespace ferry::proxy
