#include "proxy/logging/access_log.h"

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "proxy/inspect/json_parts.h"

namespace ferry::proxy {

namespace {

void tell_of_loss(const std::string& why, std::uint64_t lost) {
  if (!why.empty()) {
    spdlog::warn("the access log cannot be written, lines are lost: {}", why);
  } else {
    spdlog::info("the access log is written again; {} lines were lost", lost);
  }
}

std::string time_text(std::chrono::system_clock::time_point now) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     milliseconds);
}

}  // namespace

UniqueFd AccessLog::open(const std::string& path) {
  try {
    if (path != "-") return open_to_append(path);
    UniqueFd output(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!output) throw std::system_error(errno, std::generic_category());
    return output;
  } catch (const std::system_error& error) {
    throw std::runtime_error(
        fmt::format("--access-log {}: {}; name a file that may be written, or - for standard output", path,
                    error.code().message()));
  }
}

AccessLog::AccessLog(UniqueFd into, std::size_t room)
    : sink_(std::make_shared<LineSink>(std::move(into))),
      writer_(std::make_shared<spdlog::details::thread_pool>(room, 1)),
      logger_(std::make_shared<spdlog::async_logger>("access", sink_, writer_,
                                                     spdlog::async_overflow_policy::overrun_oldest)) {
  sink_->set_on_change(&tell_of_loss);
  logger_->set_pattern("%v");
}

void AccessLog::write(const ConnectionRecord& record) {
  lines_.fetch_add(1, std::memory_order_relaxed);
  try {
    logger_->info("{}", line(record, std::chrono::system_clock::now()));
  } catch (const std::bad_alloc&) {
    unmade_.fetch_add(1, std::memory_order_relaxed);
  }
}

std::uint64_t AccessLog::dropped() const { return writer_->overrun_counter() + sink_->lost() + unmade_.load(); }

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
