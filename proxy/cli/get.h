#pragma once

#include "proxy/cli/command_line.h"
#include "proxy/cli/output.h"
#include "proxy/cli/service_list.h"

namespace ferry::cli {

/// `kube-ferry get`: prints a list as a table, or as the API's JSON with all its pages as one. The exit code.
int get(const GetOptions& options, const Ask& ask, const Output& output);

}  // namespace ferry::cli
