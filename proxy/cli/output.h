#pragma once

#include <ostream>
#include <string>

namespace ferry::cli {

/// Where a command writes: what was asked for, and what is to be said beside it. Both outlive the command.
struct Output {
  std::ostream& out;
  std::ostream& err;

  /// One sentence beside the output.
  void note(const std::string& sentence) const { err << "kube-ferry: " << sentence << '\n'; }
};

}  // namespace ferry::cli
