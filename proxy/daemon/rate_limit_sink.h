#pragma once

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
/// only in their digits are one message. What was held back is said once, with its number, when the message next
/// passes. Debugging levels are not limited: whoever asks for them wants them all.
class RateLimitSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  static constexpr std::uint32_t kBurst = 20;
  static constexpr std::chrono::seconds kWindow{10};
  /// Beyond this many different messages in a window the counts are begun anew.
  static constexpr std::size_t kMaxMessages = 1024;

  explicit RateLimitSink(std::shared_ptr<spdlog::sinks::sink> next);

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
  };

  Count& count_of(const spdlog::details::log_msg& message);

  std::shared_ptr<spdlog::sinks::sink> next_;
  std::unordered_map<std::string, Count> counts_;
};

}  // namespace ferry::proxy
