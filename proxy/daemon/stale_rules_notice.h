#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include <spdlog/logger.h>

#include "proxy/host/stale_rules.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// Warns of the rules that a kube-proxy left, and once more only when they are others or gone.
class StaleRulesNotice {
 public:
  using Find = std::function<StaleRules()>;

  StaleRulesNotice(Find find, std::shared_ptr<spdlog::logger> logger);

  /// Looks now, and logs what is new.
  void look();

  /// kube_ferry_stale_kube_proxy_rules: the places found at the last look. No sample before the first, and none while
  /// the kernel does not tell. Safe from any thread.
  MetricFamilies collect() const;

 private:
  void tell(const StaleRules& before, const StaleRules& now);

  Find find_;
  std::shared_ptr<spdlog::logger> logger_;
  mutable std::mutex mutex_;
  std::optional<StaleRules> found_;
};

}  // namespace ferry::proxy
