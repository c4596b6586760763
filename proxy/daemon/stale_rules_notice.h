#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/logger.h>

#include "proxy/host/stale_rules.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// Warns of the rules that a kube-proxy left, and once more only when they are others or gone. For the thread of its
/// executor, but for collect().
class StaleRulesNotice {
 public:
  using Find = std::function<StaleRules()>;

  StaleRulesNotice(const boost::asio::any_io_executor& executor, Find find, std::shared_ptr<spdlog::logger> logger);

  /// Looks now, and once a minute from now on.
  void start();
  void stop() { timer_.cancel(); }
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
  boost::asio::steady_timer timer_;
};

}  // namespace ferry::proxy
