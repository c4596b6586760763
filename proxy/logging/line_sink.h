#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include <spdlog/sinks/base_sink.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// Writes lines to a descriptor, without a buffer in between. What cannot be written (a full disk, a reader that is
/// gone) is lost and counted; the line that could be written only in part is ended before the next one. Safe from any
/// thread.
class LineSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  enum class Patience : std::uint8_t {
    /// Until the reader takes it.
    kEndless,
    /// 100 ms once; then lines are lost until the reader takes them again, so that a reader that hangs stops nobody.
    kShort
  };

  /// Called where lines begin to be lost, with the reason, and where they are written again, without one. On the thread
  /// that logs, which holds the sink: it must not log there itself.
  using OnChange = std::function<void(const std::string& why, std::uint64_t lost)>;

  /// `fd` is not owned.
  LineSink(int fd, Patience patience) : fd_(fd), patience_(patience) {}
  /// Waits for whoever reads.
  explicit LineSink(UniqueFd fd) : own_(std::move(fd)), fd_(own_.get()) {}

  void set_on_change(OnChange on_change);

  /// Writes there from now on.
  void write_to(UniqueFd fd);

  /// Lines that were not written, or not whole.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  /// Those of them that this has not given before; 0 while lines are being lost. For one thread.
  std::uint64_t take_untold();

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  bool failing() const { return failing_.load(std::memory_order_relaxed); }
  bool wait_for_room();
  int write_all(const char* data, std::size_t size);
  void note(int error);

  UniqueFd own_;
  int fd_ = -1;
  Patience patience_ = Patience::kEndless;
  OnChange on_change_;
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> failing_{false};
  /// Before the spell that lasts.
  std::uint64_t lost_before_ = 0;
  std::uint64_t told_ = 0;
  /// The last line has no end.
  bool torn_ = false;
};

/// Opens a file to append to, which is made where there is none, with its folder. Throws std::system_error.
UniqueFd open_to_append(const std::string& path);

}  // namespace ferry::proxy
