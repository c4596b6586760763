#pragma once

#include <string>
#include <vector>

#include "proxy/daemon/options.h"

namespace ferry::proxy {

struct LoadedOptions {
  Options options;
  /// Fields of the --config file that say nothing here.
  std::vector<std::string> without_effect;
};

/// Reads the command line (arguments without the program's name) and the --config file it names. Throws UsageError, and
/// std::runtime_error with one sentence where the file is wrong. Needs arguments that ask for no text to be printed.
LoadedOptions load_options(std::vector<std::string> arguments);

}  // namespace ferry::proxy
