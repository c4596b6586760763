#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "watch/reflector/lister_watcher.h"
#include "watch/rest/api_error.h"
#include "watch/rest/skipped_objects.h"

namespace ferry::watch {

/// How the reflection of one resource stands.
struct ReflectorStatus {
  using Time = std::chrono::system_clock::time_point;

  /// "services", "endpointslices", "endpoints"
  std::string resource;
  /// "v1", "discovery.k8s.io/v1"; empty until the server was asked which it has.
  std::string api_version;
  /// It was listed whole once.
  bool synced = false;
  /// A watch is open now.
  bool watching = false;
  /// Lists that were complete, relists among them.
  std::uint64_t lists = 0;
  /// Complete lists after the first.
  std::uint64_t relists = 0;
  /// Watches opened.
  std::uint64_t watches = 0;
  /// By EventType.
  std::array<std::uint64_t, 4> events{};
  /// Failed requests: "transport", "timeout", "protocol", or "410", "500"… for a Status.
  std::map<std::string, std::uint64_t> failures;
  /// Objects that could not be read, and objects of which a part could not be.
  std::uint64_t skipped = 0;
  std::uint64_t partly = 0;
  std::string resource_version;
  /// Empty when the last request succeeded.
  std::string last_error;
  std::optional<Time> last_event;
};

/// What the metrics call a failure.
std::string failure_label(const ApiError& error);

/// Keeps a ReflectorStatus up to date. Safe from any thread.
class ReflectorMonitor {
 public:
  explicit ReflectorMonitor(std::string resource);

  /// What is asked for from now on.
  void asks(const std::string& resource, const std::string& api_version);
  void listed(const std::string& resource_version);
  void watch_opens();
  void heard(EventType type, const std::string& resource_version);
  void watch_ended();
  void failed(const ApiError& error);
  /// Where the resource's clients count what they could not read. Belongs to the thread that reflects.
  SkippedObjects& skipped() { return skipped_; }

  ReflectorStatus status() const;

 private:
  mutable std::mutex mutex_;
  ReflectorStatus status_;
  SkippedObjects skipped_;
};

}  // namespace ferry::watch
