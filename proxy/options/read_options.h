#pragma once

#include <string>
#include <variant>
#include <vector>

#include "proxy/options/config_file.h"
#include "proxy/options/options.h"

namespace ferry::proxy {

struct ReadOptions {
  Options options;
  /// What was read of --config; empty without.
  ConfigFile file;
};

/// The command line, and the file that its --config names, which counts less. Throws UsageError for the one,
/// std::runtime_error for the other.
std::variant<ReadOptions, TextToPrint> read_options(std::vector<std::string> arguments);

}  // namespace ferry::proxy
