#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "proxy/dataplane/connection_record.h"
#include "proxy/logging/access_log.h"
#include "proxy/metrics/metric_family.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// The access log, where there is to be one: from the start, or from a reload on. Safe from any thread.
class AccessLogSwitch {
 public:
  /// None without a descriptor.
  explicit AccessLogSwitch(UniqueFd into) { write_to(std::move(into)); }

  /// Lines go there from now on; without a descriptor to where they went.
  void write_to(UniqueFd into);

  /// Writes a line for a connection; only where there is a log. It may outlive this.
  std::function<void(const ConnectionRecord&)> writer() const;

  /// Nothing where there is no log.
  MetricFamilies collect() const;

 private:
  std::shared_ptr<AccessLog> log() const;

  mutable std::mutex mutex_;
  std::shared_ptr<AccessLog> log_;
};

}  // namespace ferry::proxy
