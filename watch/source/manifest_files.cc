#include "watch/source/manifest_files.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include <sys/stat.h>

namespace ferry::watch {
namespace {

namespace fs = std::filesystem;

/// A manifest is written by hand or by a tool for a node; this is several thousand services.
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{64} << 20U;
/// Kernels stamp files with a clock that ticks every few milliseconds.
constexpr std::chrono::milliseconds kClockTick{100};

bool is_manifest(const fs::directory_entry& entry) {
  // A ConfigMap's volume keeps its versions in hidden folders beside the links to them.
  if (entry.path().filename().string().starts_with('.')) return false;
  const fs::path extension = entry.path().extension();
  std::error_code code;
  return (extension == ".yaml" || extension == ".yml" || extension == ".json") && entry.is_regular_file(code);
}

}  // namespace

std::vector<fs::path> manifest_files(const fs::path& path) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (!fs::exists(status)) {
    throw ManifestError(path.string() + ": there is no such file or folder; name one that exists");
  }
  if (fs::is_regular_file(status)) return {path};
  if (!fs::is_directory(status)) {
    throw ManifestError(path.string() + ": this is neither a file nor a folder; name one or the other");
  }
  std::vector<fs::path> files;
  fs::directory_iterator entry(path, code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
    if (is_manifest(*entry)) files.push_back(entry->path());
  }
  if (code) throw ManifestError(path.string() + ": the folder cannot be read: " + code.message());
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_manifest_file(const fs::path& file) {
  std::error_code code;
  const std::uintmax_t size = fs::file_size(file, code);
  if (!code && size > kMaxFileBytes) throw ManifestError(file.string() + ": the file has more than 64 MiB; split it");
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in || code)
    throw ManifestError(file.string() + ": the file cannot be read; name one that exists and is readable");
  return text;
}

FileFingerprint::FileFingerprint(const fs::path& path) {
  std::vector<fs::path> paths;
  try {
    paths = manifest_files(path);
  } catch (const ManifestError&) {
    return;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  for (const fs::path& file : paths) {
    struct ::stat seen {};
    if (::stat(file.c_str(), &seen) != 0) continue;
    const auto changed = std::chrono::seconds(seen.st_ctim.tv_sec) + std::chrono::nanoseconds(seen.st_ctim.tv_nsec);
    files_.push_back({file.string(), seen.st_dev, seen.st_ino, seen.st_size, changed.count()});
    if (now - changed < kClockTick) certain_ = false;
  }
}

}  // namespace ferry::watch
