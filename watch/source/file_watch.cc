#include "watch/source/file_watch.h"

#include <set>
#include <system_error>
#include <utility>

namespace ferry::watch {
namespace {

namespace fs = std::filesystem;

/// The folder that holds the path, for whoever renames over it, and the folder it is or leads to.
std::set<fs::path> folders_of(const fs::path& path) {
  std::error_code code;
  const fs::path absolute = fs::absolute(path, code).lexically_normal();
  std::set<fs::path> folders{absolute.parent_path()};
  if (fs::is_directory(absolute, code)) folders.insert(absolute);
  const fs::path real = fs::canonical(absolute, code);
  if (!code) folders.insert(fs::is_directory(real, code) ? real : real.parent_path());
  return folders;
}

}  // namespace

FileWatch::FileWatch(boost::asio::any_io_executor executor, fs::path path, std::function<void()> on_change)
    : path_(std::move(path)), on_change_(std::move(on_change)), folders_(std::move(executor), [this] { look(); }) {}

void FileWatch::start() {
  // What changes while it is read is seen, because it is watched before.
  folders_.start();
  folders_.watch(folders_of(path_));
  fingerprint_ = FileFingerprint(path_);
}

void FileWatch::stop() { folders_.stop(); }

/// Something happened in one of the folders, which need not be about these files.
void FileWatch::look() {
  folders_.watch(folders_of(path_));
  FileFingerprint fingerprint(path_);
  if (fingerprint == fingerprint_ && fingerprint_.certain()) return;
  fingerprint_ = std::move(fingerprint);
  on_change_();
}

}  // namespace ferry::watch
