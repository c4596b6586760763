#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <spdlog/sinks/base_sink.h>

namespace ferry::proxy {

/// Passes messages on to another sink, but of any one message no more than a burst in each window. Messages that differ
/// only in their digits are one message; so are, in a window that has seen very many different ones, all others. What
/// was held back is said once, with its number and an example, when the window is over. Debugging levels are not
/// limited: whoever asks for them wants them all.
class RateLimitSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  static constexpr std::uint32_t kBurst = 20;
  static constexpr std::chrono::seconds kWindow{10};
  /// Messages that are told apart in a window.
  static constexpr std::size_t kMaxMessages = 1024;
  /// Of a message's text, so much is kept.
  static constexpr std::size_t kMaxText = 256;

  explicit RateLimitSink(std::shared_ptr<spdlog::sinks::sink> next);

  /// Says what was held back in windows that are over. It is said sooner when another message comes.
  void settle(spdlog::log_clock::time_point now);

  /// Messages that were not passed on.
  std::uint64_t held_back() const { return held_back_.load(std::memory_order_relaxed); }

  const std::shared_ptr<spdlog::sinks::sink>& next() const { return next_; }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;
  void set_pattern_(const std::string& pattern) override;
  void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override;

 private:
  struct Count {
    spdlog::log_clock::time_point window_start;
    std::uint32_t passed = 0;
    std::uint64_t held_back = 0;
    /// One of those held back.
    std::string example;
    std::string logger;
    spdlog::level::level_enum level = spdlog::level::info;
  };

  Count& count_of(const spdlog::details::log_msg& message);
  void close_windows(spdlog::log_clock::time_point now);

  std::shared_ptr<spdlog::sinks::sink> next_;
  std::unordered_map<std::string, Count> counts_;
  /// No window ends before.
  spdlog::log_clock::time_point next_close_;
  std::atomic<std::uint64_t> held_back_{0};
};

}  // namespace ferry::proxy
