#include "proxy/logging/logging.h"

#include <algorithm>
#include <utility>

#include <spdlog/pattern_formatter.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "proxy/logging/journal.h"
#include "proxy/logging/json_log_formatter.h"
#include "proxy/logging/line_sink.h"
#include "proxy/logging/rate_limit_sink.h"

namespace ferry::proxy {

namespace {

constexpr int kInfo = 2;
constexpr int kDebug = 4;
constexpr int kTrace = 6;

spdlog::level::level_enum level_of(int verbosity) {
  if (verbosity <= 2) return spdlog::level::info;
  return verbosity <= 5 ? spdlog::level::debug : spdlog::level::trace;
}

std::unique_ptr<spdlog::formatter> formatter_of(LogFormat format) {
  if (format == LogFormat::kJson) return std::make_unique<JsonLogFormatter>();
  if (stderr_is_journal()) return journal_formatter();
  return std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%e%z %l %n: %v");
}

/// What set_up_logging() made; null before it.
std::shared_ptr<RateLimitSink> limited_sink() {
  const auto& sinks = spdlog::default_logger()->sinks();
  return sinks.empty() ? nullptr : std::dynamic_pointer_cast<RateLimitSink>(sinks.front());
}

std::shared_ptr<LineSink> line_sink(const RateLimitSink& limited) {
  return std::dynamic_pointer_cast<LineSink>(limited.next());
}

}  // namespace

void set_up_logging(int verbosity, LogFormat format) {
  auto limited = std::make_shared<RateLimitSink>(std::make_shared<LineSink>(STDERR_FILENO, LineSink::Patience::kShort));
  auto logger = std::make_shared<spdlog::logger>("kube-ferry", std::move(limited));
  logger->set_formatter(formatter_of(format));
  logger->set_level(level_of(verbosity));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void set_log_verbosity(int verbosity) { spdlog::set_level(level_of(verbosity)); }

void set_log_format(LogFormat format) {
  if (const auto limited = limited_sink()) limited->set_formatter(formatter_of(format));
}

int more_verbose(int verbosity) {
  if (verbosity < kDebug - 1) return kDebug;
  return std::max(verbosity, kTrace);
}

int less_verbose(int verbosity) {
  if (verbosity >= kTrace) return kDebug;
  return std::min(verbosity, kInfo);
}

void settle_log() {
  const auto limited = limited_sink();
  if (!limited) return;
  limited->settle(spdlog::log_clock::now());
  if (const auto lines = line_sink(*limited)) {
    if (const std::uint64_t lost = lines->take_untold(); lost > 0) {
      spdlog::warn("{} lines of this log were lost: they could not be written", lost);
    }
  }
}

MetricFamilies log_metrics() {
  const auto limited = limited_sink();
  if (!limited) return {};
  const auto lines = line_sink(*limited);
  auto family = counter_family("kube_ferry_log_lines_dropped_total",
                               "Lines of the log that were left out: held_back, for there were too many like them; "
                               "lost, for they could not be written.");
  add_sample(family, static_cast<double>(limited->held_back()), {{"reason", "held_back"}});
  add_sample(family, static_cast<double>(lines ? lines->lost() : 0), {{"reason", "lost"}});
  return {family};
}

std::shared_ptr<spdlog::logger> component_logger(const std::string& component) {
  if (auto known = spdlog::get(component)) return known;
  auto logger = spdlog::default_logger()->clone(component);
  spdlog::register_logger(logger);
  return logger;
}

}  // namespace ferry::proxy
