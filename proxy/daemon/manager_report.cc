#include "proxy/daemon/manager_report.h"

#include <algorithm>
#include <string_view>

#include <spdlog/fmt/fmt.h>

#include "proxy/settings/duration.h"

namespace ferry::proxy {

namespace {

/// What the daemon needs beyond the grace, at most: ending watches, closing, joining threads.
constexpr std::chrono::seconds kTimeToEnd{15};

constexpr std::size_t kMostTrouble = 200;

/// One line that is no other: a server's words must not say READY=1, and systemd takes nothing that is not UTF-8.
std::string on_one_line(std::string_view text) {
  std::string line(text.substr(0, kMostTrouble));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return line;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string words_of(const Standing& standing) {
  const std::string trouble = on_one_line(standing.trouble);
  if (!standing.in_force)
    return trouble.empty() ? "reading the first state" : "waiting for the first state: " + trouble;
  return trouble.empty() ? "" : "; what was last known serves: " + trouble;
}

std::string status_of(const Standing& standing, const std::string& words) {
  if (!standing.in_force) return words;
  std::string status = fmt::format("serving {}, {}, {}", counted(standing.services, "service", "services"),
                                   counted(standing.service_ports, "port", "ports"),
                                   counted(standing.connections, "open connection", "open connections"));
  if (standing.unserved > 0) status += "; without a listener: " + counted(standing.unserved, "address", "addresses");
  return status + words;
}

/// Services and endpoints; without the others it is served all the same.
constexpr std::size_t kNeededResources = 2;

}  // namespace

void add_trouble(Standing& standing, const std::vector<watch::ReflectorStatus>& resources, const std::string& server) {
  for (std::size_t i = 0; i < resources.size(); ++i) {
    const watch::ReflectorStatus& resource = resources[i];
    if (resource.last_error.empty()) continue;
    if (i < kNeededResources && !resource.synced) standing.held_up = true;
    if (standing.trouble.empty()) {
      standing.trouble = fmt::format("{} of {}: {}", resource.resource, server, resource.last_error);
    }
  }
}

std::optional<std::chrono::microseconds> ManagerReport::pace() const {
  if (!watchdog_) return std::nullopt;
  return *watchdog_ / 4;
}

std::string ManagerReport::next(const Standing& standing, Time now) {
  pending_ = told_;
  std::string lines;
  const auto say = [&lines](const std::string& line) { lines += (lines.empty() ? "" : "\n") + line; };
  if (!stopping_) {
    if (!told_.ready && (standing.in_force || standing.held_up)) {
      pending_.ready = true;
      say("READY=1");
    }
    pending_.words = words_of(standing);
    pending_.status = status_of(standing, pending_.words);
    const bool due = !told_.status_at || now - *told_.status_at >= kStatusPace || pending_.ready != told_.ready ||
                     pending_.words != told_.words;
    if (due && pending_.status != told_.status) {
      pending_.status_at = now;
      say("STATUS=" + pending_.status);
    } else {
      pending_.words = told_.words;
      pending_.status = told_.status;
    }
  }
  if (watchdog_ && standing.moving && (!told_.watchdog_at || now - *told_.watchdog_at >= *pace())) {
    pending_.watchdog_at = now;
    say("WATCHDOG=1");
  }
  return lines;
}

void ManagerReport::heard() { told_ = pending_; }

std::string ManagerReport::stopping(std::uint64_t connections, std::chrono::milliseconds grace) {
  stopping_ = true;
  return fmt::format("STOPPING=1\nSTATUS=taking no new connections; {} to end within {}\nEXTEND_TIMEOUT_USEC={}",
                     counted(connections, "open connection has", "open connections have"), format_duration(grace),
                     std::chrono::microseconds(grace + kTimeToEnd).count());
}

}  // namespace ferry::proxy
