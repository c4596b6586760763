#include "proxy/logging/line_sink.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace ferry::proxy {

namespace {

constexpr int kPatienceMs = 100;
/// What a pipe that is writable takes without waiting (pipe(7)).
constexpr std::size_t kAtOnce = 4096;

}  // namespace

void LineSink::set_on_change(OnChange on_change) {
  const std::lock_guard lock(mutex_);
  on_change_ = std::move(on_change);
}

void LineSink::write_to(UniqueFd fd) {
  const std::lock_guard lock(mutex_);
  own_ = std::move(fd);
  fd_ = own_.get();
  torn_ = false;
}

std::uint64_t LineSink::take_untold() {
  if (failing()) return 0;
  const std::uint64_t now = lost();
  return now - std::exchange(told_, now);
}

bool LineSink::wait_for_room() {
  if (patience_ == Patience::kEndless) return true;
  pollfd room{fd_, POLLOUT, 0};
  return ::poll(&room, 1, failing() ? 0 : kPatienceMs) > 0;
}

int LineSink::write_all(const char* data, std::size_t size) {
  const std::size_t whole = size;
  while (size > 0) {
    if (!wait_for_room()) {
      torn_ = torn_ || size < whole;
      return EAGAIN;
    }
    const std::size_t part = patience_ == Patience::kShort ? std::min(size, kAtOnce) : size;
    const ssize_t count = ::write(fd_, data, part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      torn_ = torn_ || size < whole;
      return error;
    }
    data += count;
    size -= static_cast<std::size_t>(count);
  }
  return 0;
}

void LineSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  if (torn_) line.push_back('\n');
  formatter_->format(message, line);
  const int error = write_all(line.data(), line.size());
  if (error == 0) torn_ = false;
  note(error);
}

void LineSink::note(int error) {
  const bool failed_before = failing_.exchange(error != 0, std::memory_order_relaxed);
  if (error != 0) {
    const std::uint64_t lost = lost_.fetch_add(1, std::memory_order_relaxed);
    if (failed_before) return;
    lost_before_ = lost;
    if (on_change_) on_change_(std::generic_category().message(error), 0);
  } else if (failed_before && on_change_) {
    on_change_({}, lost() - lost_before_);
  }
}

UniqueFd open_to_append(const std::string& path) {
  constexpr mode_t kMode = 0640;
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  // Of a pipe that nobody reads it is an error rather than a wait.
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, kMode));
  if (!fd || ::fcntl(fd.get(), F_SETFL, O_APPEND) != 0) throw std::system_error(errno, std::generic_category());
  return fd;
}

}  // namespace ferry::proxy
