#include "proxy/logging/access_log_switch.h"

#include <utility>

namespace ferry::proxy {

void AccessLogSwitch::write_to(UniqueFd into) {
  if (!into) return;
  const std::lock_guard lock(mutex_);
  if (log_) {
    log_->write_to(std::move(into));
  } else {
    log_ = std::make_shared<AccessLog>(std::move(into));
  }
}

std::function<void(const ConnectionRecord&)> AccessLogSwitch::writer() const {
  return [log = log()](const ConnectionRecord& record) { log->write(record); };
}

MetricFamilies AccessLogSwitch::collect() const {
  const auto now = log();
  return now ? now->collect() : MetricFamilies{};
}

std::shared_ptr<AccessLog> AccessLogSwitch::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

}  // namespace ferry::proxy
