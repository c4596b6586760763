#pragma once

#include <string>
#include <vector>

#include "proxy/cli/output.h"

namespace ferry::cli {

/// Runs top, get, explain, set, upgrade or probe. `arguments` are those of the command line, the first one a command
/// (is_command). The exit code: 0, 2 when the command line is wrong, 1 for any other failure; what was wrong has then
/// been said.
int run_command(const std::vector<std::string>& arguments, const Output& output);

}  // namespace ferry::cli
