#include "watch/source/file_source.h"

#include <mutex>
#include <set>
#include <utility>

#include <spdlog/spdlog.h>

#include "watch/source/file_watch.h"
#include "watch/source/manifests.h"

namespace ferry::watch {

namespace asio = boost::asio;
namespace fs = std::filesystem;

class FileSource::Impl {
 public:
  Impl(asio::any_io_executor executor, config::Store::Source& store, fs::path path)
      : store_(store), path_(std::move(path)), files_(std::move(executor), path_, [this] { look(); }) {
    status_.path = path_.string();
  }

  void start() {
    files_.start();
    take(read_manifests(path_));
  }

  void stop() { files_.stop(); }

  FileSourceStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  void look() {
    try {
      take(read_manifests(path_));
    } catch (const ManifestError& error) {
      refuse(error.what());
    }
  }

  void refuse(const std::string& error) {
    const std::lock_guard lock(mutex_);
    ++status_.failures;
    if (status_.last_error != error) spdlog::error("{}; the last good state serves on", error);
    status_.last_error = error;
  }

  void take(Manifests manifests) {
    for (const std::string& remark : manifests.remarks) {
      if (remarked_.size() < kMostRemarks && remarked_.insert(remark).second) spdlog::warn("{}", remark);
    }
    note_load(manifests);
    store_.set_services(std::move(manifests.services));
    store_.set_slices(std::move(manifests.slices));
  }

  void note_load(const Manifests& manifests) {
    const std::lock_guard lock(mutex_);
    ++status_.loads;
    status_.services = manifests.services.size();
    status_.slices = manifests.slices.size();
    status_.last_error.clear();
    spdlog::info("{}: {} services and {} endpoint slices read", status_.path, status_.services, status_.slices);
  }

  static constexpr std::size_t kMostRemarks = 1024;

  config::Store::Source& store_;
  fs::path path_;
  std::set<std::string> remarked_;
  mutable std::mutex mutex_;
  FileSourceStatus status_;
  /// Last, so that it is stopped before what it calls goes.
  FileWatch files_;
};

FileSource::FileSource(asio::any_io_executor executor, config::Store::Source& store, fs::path path)
    : impl_(std::make_unique<Impl>(std::move(executor), store, std::move(path))) {}

FileSource::~FileSource() = default;

void FileSource::start() { impl_->start(); }

void FileSource::stop() { impl_->stop(); }

FileSourceStatus FileSource::status() const { return impl_->status(); }

}  // namespace ferry::watch
