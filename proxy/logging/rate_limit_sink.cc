#include "proxy/logging/rate_limit_sink.h"

#include <algorithm>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

std::string key_of(const spdlog::details::log_msg& message) {
  std::string key(message.logger_name.data(), message.logger_name.size());
  for (const char c : message.payload) {
    if (key.size() == RateLimitSink::kMaxText) break;
    if (c < '0' || c > '9') key.push_back(c);
  }
  return key;
}

/// Whole characters of UTF-8, at most kMaxText bytes of them.
std::string example_of(const spdlog::details::log_msg& message) {
  std::size_t size = std::min(message.payload.size(), RateLimitSink::kMaxText);
  while (size > 0 && size < message.payload.size() && (static_cast<unsigned char>(message.payload[size]) >> 6U) == 2U) {
    --size;
  }
  return {message.payload.data(), size};
}

}  // namespace

RateLimitSink::RateLimitSink(std::shared_ptr<spdlog::sinks::sink> next) : next_(std::move(next)) {}

void RateLimitSink::settle(spdlog::log_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  close_windows(now);
}

void RateLimitSink::close_windows(spdlog::log_clock::time_point now) {
  if (counts_.empty() || now < next_close_) return;
  next_close_ = now + kWindow;
  for (auto at = counts_.begin(); at != counts_.end();) {
    const Count& count = at->second;
    if (now - count.window_start < kWindow) {
      next_close_ = std::min(next_close_, count.window_start + kWindow);
      ++at;
      continue;
    }
    if (count.held_back > 0) {
      const std::string text = fmt::format("held back {} messages such as: {}", count.held_back, count.example);
      next_->log({now, {}, count.logger, count.level, text});
    }
    at = counts_.erase(at);
  }
}

RateLimitSink::Count& RateLimitSink::count_of(const spdlog::details::log_msg& message) {
  std::string key = key_of(message);
  if (counts_.size() >= kMaxMessages && !counts_.contains(key)) key.clear();
  const auto [at, is_new] = counts_.try_emplace(std::move(key));
  if (is_new) {
    at->second.window_start = message.time;
    next_close_ = counts_.size() == 1 ? message.time + kWindow : std::min(next_close_, message.time + kWindow);
  }
  return at->second;
}

void RateLimitSink::sink_it_(const spdlog::details::log_msg& message) {
  if (message.level < spdlog::level::info) {
    next_->log(message);
    return;
  }
  close_windows(message.time);
  Count& count = count_of(message);
  if (count.passed < kBurst) {
    ++count.passed;
    next_->log(message);
    return;
  }
  held_back_.fetch_add(1, std::memory_order_relaxed);
  if (count.held_back++ > 0) return;
  count.example = example_of(message);
  count.logger.assign(message.logger_name.data(), message.logger_name.size());
  count.level = message.level;
}

void RateLimitSink::flush_() { next_->flush(); }

void RateLimitSink::set_pattern_(const std::string& pattern) { next_->set_pattern(pattern); }

void RateLimitSink::set_formatter_(std::unique_ptr<spdlog::formatter> formatter) {
  next_->set_formatter(std::move(formatter));
}

}  // namespace ferry::proxy
