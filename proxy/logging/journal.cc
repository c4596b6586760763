#include "proxy/logging/journal.h"

#include <cstdlib>
#include <ctime>
#include <string>

#include <spdlog/pattern_formatter.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ferry::proxy {

namespace {

char priority_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return '2';
    case spdlog::level::err:
      return '3';
    case spdlog::level::warn:
      return '4';
    case spdlog::level::info:
      return '6';
    default:
      return '7';
  }
}

class Priority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/, spdlog::memory_buf_t& line) override {
    line.push_back(priority_of(message.level));
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Priority>(); }
};

}  // namespace

bool is_journal(int descriptor, std::string_view stream) {
  struct stat status {};
  if (stream.empty() || ::fstat(descriptor, &status) != 0) return false;
  return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

bool stderr_is_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  return stream != nullptr && is_journal(STDERR_FILENO, stream);
}

std::unique_ptr<spdlog::formatter> journal_formatter() {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<Priority>('*').set_pattern("<%*>%n: %v");
  return formatter;
}

std::string_view error_prefix() { return stderr_is_journal() ? "<3>" : ""; }

}  // namespace ferry::proxy
