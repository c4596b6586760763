#pragma once

#include <array>
#include <chrono>
#include <cstddef>
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
  /// A watch is under way now.
  bool watching = false;
  /// Lists that were complete, relists among them.
  std::uint64_t lists = 0;
  /// Complete lists after the first.
  std::uint64_t relists = 0;
  /// Watches asked for.
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

/// Keeps a ReflectorStatus up to date, and logs its transitions: the first of a row of failures, and their end. The
/// status is safe to read from any thread; everything else belongs to the thread that reflects.
class ReflectorMonitor {
 public:
  explicit ReflectorMonitor(std::string resource);

  /// What is asked for from now on.
  void asks(const std::string& resource, const std::string& api_version);
  void listed(const std::string& resource_version, std::size_t objects);
  void watch_opens();
  /// An event came; its version, where it was adopted.
  void heard(EventType type, const std::string& resource_version);
  void watch_ended();
  /// A request did what it was to do, and brought nothing new.
  void succeeded();
  /// `doing` failed: "list", "watch".
  void failed(const char* doing, const ApiError& error);
  /// Where the resource's clients count what they could not read.
  SkippedObjects& skipped() { return skipped_; }

  ReflectorStatus status() const;

 private:
  /// The failures, if there were any, are over. Needs the lock.
  void recover();

  mutable std::mutex mutex_;
  ReflectorStatus status_;
  SkippedObjects skipped_;
};

}  // namespace ferry::watch
