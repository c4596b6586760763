#pragma once

#include <chrono>
#include <functional>

#include "proxy/cli/command_line.h"
#include "proxy/cli/output.h"
#include "proxy/cli/service_list.h"
#include "proxy/cli/set.h"

namespace ferry::cli {

/// What `upgrade` goes by, so that tests need not wait.
struct UpgradePace {
  std::function<std::chrono::steady_clock::time_point()> now;
  std::function<void(std::chrono::milliseconds)> sleep;
};

/// `kube-ferry upgrade`: has the daemon start its program anew, to take its place, and waits until that serves. The
/// exit code.
int upgrade(const UpgradeOptions& options, const Ask& ask, const Put& put, const UpgradePace& pace,
            const Output& output);

}  // namespace ferry::cli
