#include "watch/source/file_source.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "watch/source/manifests.h"

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

/// Editors and kubelets change a file in several steps; reading waits until they have been quiet for so long.
constexpr std::chrono::milliseconds kSettle{50};
constexpr std::uint32_t kEvents = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB;

int open_inotify() {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) throw std::runtime_error(std::string("cannot watch files for changes: ") + std::strerror(errno));
  return fd;
}

}  // namespace

class FileSource::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(const asio::any_io_executor& executor, config::Store::Source& store, fs::path path)
      : store_(store), path_(std::move(path)), inotify_(executor), settle_(executor) {
    status_.path = path_.string();
  }

  void start() {
    Manifests manifests = read_manifests(path_);
    inotify_.assign(open_inotify());
    watch_folders();
    take(std::move(manifests));
    wait_for_change();
  }

  void stop() {
    boost::system::error_code ignored;
    inotify_.close(ignored);
    settle_.cancel();
    stopped_ = true;
  }

  FileSourceStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  /// The folder that holds the path, for whoever renames over it, and the folder it is or leads to.
  void watch_folders() {
    std::error_code code;
    const fs::path absolute = fs::absolute(path_);
    const fs::path real = fs::canonical(absolute, code);
    std::set<fs::path> folders{absolute.parent_path()};
    if (!code) folders.insert(fs::is_directory(real) ? real : real.parent_path());
    if (fs::is_directory(absolute, code)) folders.insert(absolute);
    for (const fs::path& folder : folders) {
      if (::inotify_add_watch(inotify_.native_handle(), folder.c_str(), kEvents) < 0 && errno != ENOENT) {
        spdlog::warn("cannot watch {} for changes: {}", folder.string(), std::strerror(errno));
      }
    }
  }

  void wait_for_change() {
    inotify_.async_read_some(asio::buffer(events_),
                             [self = shared_from_this()](boost::system::error_code code, std::size_t /*bytes*/) {
                               if (code.failed() || self->stopped_) return;
                               self->settle();
                               self->wait_for_change();
                             });
  }

  void settle() {
    settle_.expires_after(kSettle);
    settle_.async_wait([self = shared_from_this()](boost::system::error_code code) {
      if (!code.failed() && !self->stopped_) self->reload();
    });
  }

  void reload() {
    watch_folders();
    try {
      take(read_manifests(path_));
    } catch (const ManifestError& error) {
      const std::lock_guard lock(mutex_);
      ++status_.failures;
      if (status_.last_error != error.what()) spdlog::error("{}; the last good state serves on", error.what());
      status_.last_error = error.what();
    }
  }

  void take(Manifests manifests) {
    for (const std::string& remark : manifests.remarks) {
      if (remarked_.size() < kMostRemarks && remarked_.insert(remark).second) spdlog::warn("{}", remark);
    }
    {
      const std::lock_guard lock(mutex_);
      ++status_.loads;
      status_.services = manifests.services.size();
      status_.slices = manifests.slices.size();
      if (!status_.last_error.empty()) spdlog::info("{} is good again", path_.string());
      status_.last_error.clear();
    }
    store_.set_services(std::move(manifests.services));
    store_.set_slices(std::move(manifests.slices));
  }

  static constexpr std::size_t kMostRemarks = 1024;

  config::Store::Source& store_;
  fs::path path_;
  asio::posix::stream_descriptor inotify_;
  asio::steady_timer settle_;
  std::array<char, 4096> events_{};
  std::set<std::string> remarked_;
  bool stopped_ = false;
  mutable std::mutex mutex_;
  FileSourceStatus status_;
};

FileSource::FileSource(asio::any_io_executor executor, config::Store::Source& store, fs::path path)
    : impl_(std::make_shared<Impl>(executor, store, std::move(path))) {}

FileSource::~FileSource() { impl_->stop(); }

void FileSource::start() { impl_->start(); }

void FileSource::stop() { impl_->stop(); }

FileSourceStatus FileSource::status() const { return impl_->status(); }

}  // namespace ferry::watch
