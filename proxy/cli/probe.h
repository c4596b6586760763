#pragma once

#include "proxy/cli/command_line.h"
#include "proxy/cli/output.h"

namespace ferry::cli {

/// `kube-ferry probe`: asks a page of kube-ferry's health and prints one line: what it answered, or why there is no
/// good answer. Takes no longer than its timeout. The exit code: 0 when it answered that it is well, 1 otherwise.
int probe(const ProbeOptions& options, const Output& output);

}  // namespace ferry::cli
