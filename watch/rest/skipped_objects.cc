#include "watch/rest/skipped_objects.h"

#include <functional>

#include <spdlog/spdlog.h>

namespace ferry::watch {

void SkippedObjects::skip(const DecodeError& error) {
  skipped_.fetch_add(1, std::memory_order_relaxed);
  const std::string name = error.object.empty() ? "an object without a readable name" : error.object;
  if (is_news(name + error.reason)) spdlog::warn("skipped {} of {}: {}", name, resource_, error.reason);
}

void SkippedObjects::skip_oversized(std::size_t bytes) {
  skipped_.fetch_add(1, std::memory_order_relaxed);
  if (is_news("oversized")) {
    spdlog::warn("skipped an object of {}: it has {} bytes, more than the 4 MiB one may have", resource_, bytes);
  }
}

void SkippedObjects::leave_out(const ObjectMeta& meta, const std::string& part) {
  partly_.fetch_add(1, std::memory_order_relaxed);
  const std::string name = meta.name.to_string();
  if (is_news(name + part)) spdlog::warn("{} of {}: left out {}", name, resource_, part);
}

bool SkippedObjects::is_news(const std::string& line) {
  if (told_.size() >= kMostRemembered) return false;
  const bool news = told_.insert(std::hash<std::string>{}(line)).second;
  if (news && told_.size() == kMostRemembered) {
    spdlog::warn("{} kinds of unreadable objects of {} were logged; more are only counted", kMostRemembered, resource_);
  }
  return news;
}

}  // namespace ferry::watch
