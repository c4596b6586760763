#pragma once

#include <functional>
#include <string>

#include "proxy/cli/admin_client.h"
#include "proxy/cli/command_line.h"
#include "proxy/cli/output.h"

namespace ferry::cli {

/// PUTs a body to a target of the API.
using Put = std::function<Answer(const std::string& target, const std::string& body)>;

/// `kube-ferry set`: changes the daemon's log level, and says what it was. The exit code.
int set(const SetOptions& options, const Put& put, const Output& output);

}  // namespace ferry::cli
