#include "proxy/host/host_routes.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

namespace ferry::proxy {

HostRoutes::HostRoutes(std::vector<config::IpPrefix> ranges, std::shared_ptr<spdlog::logger> logger)
    : logger_(std::move(logger)), ranges_(std::move(ranges)), services_(logger_) {}

void HostRoutes::set_ranges(const std::vector<config::IpPrefix>& ranges) {
  if (ranges == ranges_) return;
  const std::vector<config::IpPrefix> former = std::exchange(ranges_, ranges);
  std::string text;
  for (const config::IpPrefix& range : ranges) text += (text.empty() ? "" : ", ") + range.to_string();
  logger_->info("service addresses come from {}", text.empty() ? "no known range" : text);
  make_ranges_local();
  services_.set_ranges(ranges);
  std::vector<config::IpPrefix> gone;
  std::copy_if(former.begin(), former.end(), std::back_inserter(gone), [&ranges](const config::IpPrefix& range) {
    return std::find(ranges.begin(), ranges.end(), range) == ranges.end();
  });
  try {
    LocalRoutes::remove(gone);
  } catch (const std::system_error& error) {
    logger_->warn("{}", error.what());
  }
}

void HostRoutes::move_to(const std::vector<config::IpAddress>& addresses, std::vector<config::IpAddress> sources) {
  sources_ = std::move(sources);
  make_ranges_local();
  services_.set_ranges(ranges_);
  services_.move_to(addresses, sources_);
}

void HostRoutes::make_ranges_local() {
  auto failures = LocalRoutes::add(ranges_, sources_);
  if (failures == failures_) return;
  failures_ = std::move(failures);
  for (const auto& [range, error] : failures_) {
    logger_->warn(
        "service range {} cannot be made local to this host: {}; give CAP_NET_ADMIN, or run `ip route add "
        "local {} dev lo`",
        range.to_string(), std::generic_category().message(error), range.to_string());
  }
}

void HostRoutes::tidy(const std::function<std::set<config::ServicePortName>()>& busy) {
  try {
    if (services_.has_unneeded()) {
      const std::set<config::ServicePortName> names = busy();
      services_.sweep([&names](const config::ServicePortName& name) { return names.contains(name); });
    }
    if (!std::exchange(leftovers_removed_, true)) services_.remove_leftovers();
  } catch (const std::system_error& error) {
    logger_->warn("routes that nobody needs are left: {}", error.what());
  }
}

}  // namespace ferry::proxy
