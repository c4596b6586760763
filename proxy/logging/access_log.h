#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>

#include "proxy/dataplane/connection_record.h"
#include "proxy/logging/line_sink.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// One line of JSON for each TCP connection that has ended, written by a thread of its own. When that cannot keep up,
/// or the disk is full, lines are lost and counted; nobody waits.
class AccessLog {
 public:
  /// Lines that may wait for the disk.
  static constexpr std::size_t kRoom = 8192;

  /// Where lines can be written: a path, or "-" for standard output. Throws std::runtime_error with one sentence when
  /// the file cannot be written.
  static UniqueFd open(const std::string& path);

  explicit AccessLog(UniqueFd into, std::size_t room = kRoom);

  /// Writes there from now on.
  void write_to(UniqueFd into) { sink_->write_to(std::move(into)); }

  /// Safe from any thread.
  void write(const ConnectionRecord& record);

  /// Lines that were lost: for want of room, and because they could not be written.
  std::uint64_t dropped() const;
  MetricFamilies collect() const;

  /// The line, without its end.
  static std::string line(const ConnectionRecord& record, std::chrono::system_clock::time_point now);

 private:
  std::atomic<std::uint64_t> lines_{0};
  /// There was no memory for them.
  std::atomic<std::uint64_t> unmade_{0};
  std::shared_ptr<LineSink> sink_;
  std::shared_ptr<spdlog::details::thread_pool> writer_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

}  // namespace ferry::proxy
