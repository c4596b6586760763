#include "proxy/options/read_options.h"

#include <utility>

namespace ferry::proxy {

std::variant<ReadOptions, TextToPrint> read_options(std::vector<std::string> arguments) {
  auto parsed = parse_options(arguments);
  if (auto* const print = std::get_if<TextToPrint>(&parsed)) return std::move(*print);
  ReadOptions read{std::get<Options>(std::move(parsed)), {}};
  if (read.options.config.empty()) return read;
  read.file = read_config_file(read.options.config);
  arguments.insert(arguments.begin(), read.file.arguments.begin(), read.file.arguments.end());
  read.options = std::get<Options>(parse_options(std::move(arguments)));
  return read;
}

}  // namespace ferry::proxy
