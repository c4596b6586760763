#include "proxy/logging/json_log_formatter.h"

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

using Json = nlohmann::ordered_json;

const char* level_name(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return "error";
  if (level == spdlog::level::warn) return "warn";
  return level == spdlog::level::info ? "info" : "debug";
}

std::string quoted(spdlog::string_view_t text) {
  return Json(std::string(text.data(), text.size())).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The least --v at which it is told (logging.h).
int verbosity_of(spdlog::level::level_enum level) {
  constexpr int kTrace = 6;
  constexpr int kDebug = 3;
  return level == spdlog::level::trace ? kTrace : kDebug;
}

}  // namespace

void JsonLogFormatter::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& into) {
  const auto since = message.time.time_since_epoch();
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  std::string line =
      fmt::format(R"({{"ts":{}.{:03},"level":"{}","logger":{},"msg":{})", microseconds / 1000, microseconds % 1000,
                  level_name(message.level), quoted(message.logger_name), quoted(message.payload));
  if (message.level < spdlog::level::info) line += fmt::format(R"(,"v":{})", verbosity_of(message.level));
  line += "}\n";
  into.append(line.data(), line.data() + line.size());
}

std::unique_ptr<spdlog::formatter> JsonLogFormatter::clone() const { return std::make_unique<JsonLogFormatter>(); }

}  // namespace ferry::proxy
