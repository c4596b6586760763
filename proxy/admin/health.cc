#include "proxy/admin/health.h"

#include <ctime>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

/// The form Go prints a time in, which is what kube-proxy's body holds: 2026-01-02 15:04:05.123456789 +0000 UTC. A time
/// that never came is Go's zero time.
std::string go_time(Health::WallTime time) {
  if (time == Health::WallTime{}) return "0001-01-01 00:00:00 +0000 UTC";
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(nanoseconds / 1'000'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:09} +0000 UTC", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, nanoseconds % 1'000'000'000);
}

}  // namespace

Health::Health(SteadyTime now) : last_beat_(now) {}

void Health::beat(SteadyTime now) { last_beat_ = now; }
void Health::set_synced() { synced_ = true; }
void Health::set_applied(WallTime now) { last_applied_ = now; }
void Health::set_node_eligible(bool eligible) { node_eligible_ = eligible; }
void Health::set_draining() { draining_ = true; }

bool Health::alive(SteadyTime now) const { return synced_ && now - last_beat_.load() < kStallLimit; }

bool Health::healthy(SteadyTime now) const { return alive(now) && node_eligible(); }

Response Health::healthz(SteadyTime now, WallTime wall) const { return answer(healthy(now), wall); }

Response Health::livez(SteadyTime now, WallTime wall) const { return answer(alive(now), wall); }

Response Health::answer(bool well, WallTime wall) const {
  return {.status = well ? 200U : 503U,
          .content_type = "application/json",
          .body = fmt::format(R"({{"lastUpdated": "{}","currentTime": "{}", "nodeEligible": {}}})",
                              go_time(well ? wall : last_applied_.load()), go_time(wall), node_eligible())};
}

}  // namespace ferry::proxy
