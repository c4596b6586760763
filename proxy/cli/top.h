#pragma once

#include "proxy/cli/command_line.h"
#include "proxy/cli/output.h"

namespace ferry::cli {

/// `kube-ferry top`: a live table on this process's terminal until a key or a signal ends it, or tables printed one
/// after another. The exit code: 0, 128 and the signal's number, or 1 with a sentence said.
int top(const TopOptions& options, const Output& output);

}  // namespace ferry::cli
