#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>

#include "watch/codec/wire_format.h"

namespace ferry::watch {

/// Remembers the objects that were skipped because they could not be read: counts each time, logs each object and
/// reason once. Belongs to one thread; the counts can be read from any.
class SkippedObjects {
 public:
  /// `resource` is for the log: "services".
  explicit SkippedObjects(std::string resource) : resource_(std::move(resource)) {}

  void skip(const DecodeError& error);
  void skip_oversized(std::size_t bytes);
  /// The object counts, but a part of it could not be read.
  void leave_out(const ObjectMeta& meta, const std::string& part);

  std::uint64_t skipped() const { return skipped_.load(std::memory_order_relaxed); }
  std::uint64_t partly() const { return partly_.load(std::memory_order_relaxed); }

 private:
  /// True the first time; beyond kMostRemembered nothing is told apart, or logged, any more.
  bool is_news(const std::string& line);

  static constexpr std::size_t kMostRemembered = 1024;

  std::string resource_;
  std::atomic<std::uint64_t> skipped_{0};
  std::atomic<std::uint64_t> partly_{0};
  std::unordered_set<std::size_t> told_;
};

}  // namespace ferry::watch
