#include "proxy/daemon/stale_rules_notice.h"

#include <chrono>
#include <system_error>
#include <utility>

#include <boost/system/error_code.hpp>
#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {
namespace {

constexpr std::chrono::minutes kStaleRulesLook{1};

}  // namespace

StaleRulesNotice::StaleRulesNotice(const boost::asio::any_io_executor& executor, Find find,
                                   std::shared_ptr<spdlog::logger> logger)
    : find_(std::move(find)), logger_(std::move(logger)), timer_(executor) {}

void StaleRulesNotice::start() {
  look();
  timer_.expires_after(kStaleRulesLook);
  timer_.async_wait([this](const boost::system::error_code& code) {
    if (!code.failed()) start();
  });
}

void StaleRulesNotice::look() {
  StaleRules now = find_();
  tell(found_.value_or(StaleRules{}), now);
  const std::lock_guard lock(mutex_);
  found_ = std::move(now);
}

void StaleRulesNotice::tell(const StaleRules& before, const StaleRules& now) {
  if (now.error != 0 && now.error != before.error) {
    logger_->debug("whether kube-proxy left rules behind cannot be told everywhere: {}",
                   std::generic_category().message(now.error));
  }
  if (now.places == before.places) return;
  if (!now.places.empty()) {
    logger_->warn(
        "kube-proxy's rules take connections to services before they come here: {}; once it no longer runs on this "
        "node, `kube-proxy --cleanup` removes them",
        fmt::join(now.places, ", "));
  } else if (now.error == 0) {
    logger_->info("kube-proxy's rules are gone");
  }
}

MetricFamilies StaleRulesNotice::collect() const {
  auto family =
      gauge_family("kube_ferry_stale_kube_proxy_rules",
                   "Places where rules of a kube-proxy take connections to services away; the log names each.");
  const std::lock_guard lock(mutex_);
  if (found_ && (found_->error == 0 || !found_->places.empty())) {
    add_sample(family, static_cast<double>(found_->places.size()));
  }
  return {family};
}

}  // namespace ferry::proxy
