#include "watch/reflector/reflector_monitor.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace ferry::watch {

std::string failure_label(const ApiError& error) {
  switch (error.kind) {
    case ApiError::Kind::kTransport:
      return "transport";
    case ApiError::Kind::kTimeout:
      return "timeout";
    case ApiError::Kind::kProtocol:
      return "protocol";
    case ApiError::Kind::kCancelled:
      return "cancelled";
    case ApiError::Kind::kStatus:
      break;
  }
  return std::to_string(error.http_status);
}

ReflectorMonitor::ReflectorMonitor(std::string resource) : skipped_(resource) {
  status_.resource = std::move(resource);
}

void ReflectorMonitor::asks(const std::string& resource, const std::string& api_version) {
  const std::lock_guard lock(mutex_);
  status_.resource = resource;
  status_.api_version = api_version;
}

void ReflectorMonitor::recover() {
  if (status_.last_error.empty()) return;
  status_.last_error.clear();
  spdlog::info("{}: in step with the API server again", status_.resource);
}

void ReflectorMonitor::listed(const std::string& resource_version, std::size_t objects) {
  const std::lock_guard lock(mutex_);
  recover();
  if (!status_.synced) spdlog::info("{}: {} objects at version {}", status_.resource, objects, resource_version);
  status_.relists += status_.synced ? 1 : 0;
  ++status_.lists;
  status_.synced = true;
  status_.resource_version = resource_version;
}

void ReflectorMonitor::watch_opens() {
  const std::lock_guard lock(mutex_);
  ++status_.watches;
  status_.watching = true;
}

void ReflectorMonitor::heard(EventType type, const std::string& resource_version) {
  const std::lock_guard lock(mutex_);
  ++status_.events[static_cast<std::size_t>(type)];
  if (!resource_version.empty()) status_.resource_version = resource_version;
  status_.last_event = std::chrono::system_clock::now();
  recover();
}

void ReflectorMonitor::watch_ended() {
  const std::lock_guard lock(mutex_);
  status_.watching = false;
}

void ReflectorMonitor::succeeded() {
  const std::lock_guard lock(mutex_);
  recover();
}

void ReflectorMonitor::failed(const char* doing, const ApiError& error) {
  const std::lock_guard lock(mutex_);
  ++status_.failures[failure_label(error)];
  const auto level = status_.last_error.empty() ? spdlog::level::warn : spdlog::level::debug;
  status_.last_error = error.to_string();
  spdlog::log(level, "{} of {} failed: {}; {}", doing, status_.resource, status_.last_error,
              status_.synced ? "the last known state serves on" : "nothing is known yet");
}

ReflectorStatus ReflectorMonitor::status() const {
  const std::lock_guard lock(mutex_);
  ReflectorStatus status = status_;
  status.skipped = skipped_.skipped();
  status.partly = skipped_.partly();
  return status;
}

}  // namespace ferry::watch
