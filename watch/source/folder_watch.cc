#include "watch/source/folder_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <sys/stat.h>

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

/// Editors and kubelets change a file in several steps.
constexpr std::chrono::milliseconds kQuiet{50};
constexpr std::chrono::milliseconds kLongest{1000};
constexpr std::uint32_t kEvents =
    IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR;

/// A file that was just created is still being written: it is told of when it is closed. A link is whole at once.
bool is_being_written(const fs::path& path) {
  struct ::stat seen {};
  return ::lstat(path.c_str(), &seen) == 0 && S_ISREG(seen.st_mode) && seen.st_nlink == 1;
}

}  // namespace

struct FolderWatch::State : std::enable_shared_from_this<State> {
  State(const asio::any_io_executor& executor, std::function<void()> callback)
      : on_change(std::move(callback)), inotify(executor), quiet(executor) {}

  void read() {
    inotify.async_read_some(asio::buffer(events),
                            [self = shared_from_this()](boost::system::error_code code, std::size_t bytes) {
                              if (code.failed() || self->stopped) return;
                              if (self->matters(bytes)) self->settle();
                              self->read();
                            });
  }

  bool matters(std::size_t bytes) const {
    for (std::size_t at = 0; at + sizeof(inotify_event) <= bytes;) {
      inotify_event event{};
      std::memcpy(&event, events.data() + at, sizeof event);
      const char* const name = events.data() + at + sizeof event;
      at += sizeof event + event.len;
      if ((event.mask & IN_CREATE) == 0) return true;
      const auto folder = folders.find(event.wd);
      if (event.len == 0 || folder == folders.end() || !is_being_written(folder->second / name)) return true;
    }
    return false;
  }

  void settle() {
    const auto now = std::chrono::steady_clock::now();
    if (!latest) latest = now + kLongest;
    quiet.expires_at(std::min(now + kQuiet, *latest));
    quiet.async_wait([self = shared_from_this()](boost::system::error_code code) {
      if (code.failed() || self->stopped) return;
      self->latest.reset();
      self->on_change();
    });
  }

  std::function<void()> on_change;
  asio::posix::stream_descriptor inotify;
  asio::steady_timer quiet;
  /// While changes are settling: when they are told of at the latest.
  std::optional<std::chrono::steady_clock::time_point> latest;
  std::map<int, fs::path> folders;
  alignas(inotify_event) std::array<char, 4096> events{};
  bool stopped = false;
};

FolderWatch::FolderWatch(asio::any_io_executor executor, std::function<void()> on_change)
    : state_(std::make_shared<State>(executor, std::move(on_change))) {}

FolderWatch::~FolderWatch() { stop(); }

void FolderWatch::start() {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) {
    throw std::runtime_error(std::string("cannot watch files for changes (") + std::strerror(errno) +
                             "); raise fs.inotify.max_user_instances");
  }
  state_->inotify.assign(fd);
  state_->read();
}

void FolderWatch::watch(const std::set<fs::path>& folders) {
  const int fd = state_->inotify.native_handle();
  std::map<int, fs::path> watched;
  for (const fs::path& folder : folders) {
    const int wd = ::inotify_add_watch(fd, folder.c_str(), kEvents);
    if (wd >= 0) {
      watched.emplace(wd, folder);
    } else if (errno != ENOENT && errno != ENOTDIR) {
      spdlog::warn("cannot watch {} for changes: {}", folder.string(), std::strerror(errno));
    }
  }
  for (const auto& entry : state_->folders) {
    if (!watched.contains(entry.first)) ::inotify_rm_watch(fd, entry.first);
  }
  state_->folders = std::move(watched);
}

void FolderWatch::stop() {
  state_->stopped = true;
  boost::system::error_code ignored;
  state_->inotify.close(ignored);
  state_->quiet.cancel();
}

}  // namespace ferry::watch
