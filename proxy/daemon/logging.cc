#include "proxy/daemon/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "proxy/daemon/journal.h"
#include "proxy/daemon/rate_limit_sink.h"

namespace ferry::proxy {

namespace {

spdlog::level::level_enum level_of(int verbosity) {
  if (verbosity <= 2) return spdlog::level::info;
  return verbosity <= 5 ? spdlog::level::debug : spdlog::level::trace;
}

}  // namespace

void set_up_logging(int verbosity) {
  auto limited = std::make_shared<RateLimitSink>(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto logger = std::make_shared<spdlog::logger>("kube-ferry", std::move(limited));
  if (stderr_is_journal()) {
    logger->set_formatter(journal_formatter());
  } else {
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %n: %v");
  }
  logger->set_level(level_of(verbosity));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

std::shared_ptr<spdlog::logger> component_logger(const std::string& component) {
  if (auto known = spdlog::get(component)) return known;
  auto logger = spdlog::default_logger()->clone(component);
  spdlog::register_logger(logger);
  return logger;
}

}  // namespace ferry::proxy
