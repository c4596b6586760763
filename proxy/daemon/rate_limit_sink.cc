#include "proxy/daemon/rate_limit_sink.h"

#include <utility>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

std::string key_of(const spdlog::details::log_msg& message) {
  std::string key(message.logger_name.data(), message.logger_name.size());
  for (const char c : message.payload) {
    if (c < '0' || c > '9') key.push_back(c);
  }
  return key;
}

}  // namespace

RateLimitSink::RateLimitSink(std::shared_ptr<spdlog::sinks::sink> next) : next_(std::move(next)) {}

RateLimitSink::Count& RateLimitSink::count_of(const spdlog::details::log_msg& message) {
  std::string key = key_of(message);
  if (counts_.size() >= kMaxMessages && !counts_.contains(key)) counts_.clear();
  return counts_[std::move(key)];
}

void RateLimitSink::sink_it_(const spdlog::details::log_msg& message) {
  if (message.level < spdlog::level::info) {
    next_->log(message);
    return;
  }
  Count& count = count_of(message);
  if (message.time - count.window_start >= kWindow) {
    if (count.held_back > 0) {
      const std::string text = fmt::format("held back {} messages like the next one", count.held_back);
      next_->log({message.time, message.source, message.logger_name, message.level, text});
    }
    count = {.window_start = message.time};
  }
  if (count.passed == kBurst) {
    ++count.held_back;
    return;
  }
  ++count.passed;
  next_->log(message);
}

void RateLimitSink::flush_() { next_->flush(); }

void RateLimitSink::set_pattern_(const std::string& pattern) { next_->set_pattern(pattern); }

void RateLimitSink::set_formatter_(std::unique_ptr<spdlog::formatter> formatter) {
  next_->set_formatter(std::move(formatter));
}

}  // namespace ferry::proxy
