#include "proxy/daemon/access_log.h"

#include <stdexcept>

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "proxy/inspect/json_parts.h"

namespace ferry::proxy {

namespace {

spdlog::sink_ptr open_sink(const std::string& path) {
  if (path == "-") return std::make_shared<spdlog::sinks::stdout_sink_mt>();
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  } catch (const spdlog::spdlog_ex& error) {
    throw std::runtime_error(fmt::format(
        "--access-log {}: {}; name a file that may be written, or - for standard output", path, error.what()));
  }
}

std::string time_text(std::chrono::system_clock::time_point now) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     milliseconds);
}

}  // namespace

AccessLog::AccessLog(const std::string& path, std::size_t room)
    : writer_(std::make_shared<spdlog::details::thread_pool>(room, 1)),
      logger_(std::make_shared<spdlog::async_logger>("access", open_sink(path), writer_,
                                                     spdlog::async_overflow_policy::overrun_oldest)) {
  logger_->set_pattern("%v");
  logger_->flush_on(spdlog::level::info);
  logger_->set_error_handler([failures = failures_](const std::string& what) {
    if (failures->fetch_add(1) == 0) spdlog::warn("the access log cannot be written, lines are lost: {}", what);
  });
}

void AccessLog::write(const ConnectionRecord& record) {
  lines_.fetch_add(1, std::memory_order_relaxed);
  logger_->info("{}", line(record, std::chrono::system_clock::now()));
}

std::uint64_t AccessLog::dropped() const { return writer_->overrun_counter() + failures_->load(); }

MetricFamilies AccessLog::collect() const {
  return {counter("kube_ferry_access_log_lines_total", "Lines for the access log.", static_cast<double>(lines_.load())),
          counter("kube_ferry_access_log_lines_dropped_total",
                  "Lines of the access log that were lost because writing them would have taken too long, or failed.",
                  static_cast<double>(dropped()))};
}

std::string AccessLog::line(const ConnectionRecord& record, std::chrono::system_clock::time_point now) {
  const config::ServicePortName& name = *record.service;
  const Json json = {
      {"time", time_text(now)},
      {"client", place_text(record.client.address, record.client.port)},
      {"namespace", name.service.ns},
      {"name", name.service.name},
      {"port", name.port},
      {"address", place_text(record.address.address, record.address.port)},
      {"endpoint", record.endpoint ? Json(place_text(record.endpoint->address, record.endpoint->port)) : Json(nullptr)},
      {"attempts", record.attempts},
      {"bytesToBackend", record.bytes_to_backend},
      {"bytesToClient", record.bytes_to_client},
      {"ms", record.age.count()},
      {"end", std::string(record.end ? to_string(*record.end) : "open")}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ferry::proxy
