#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/types.h>

namespace ferry::watch {

/// "FILE:LINE: what is wrong", one sentence.
class ManifestError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The path itself when it is a file; for a folder its files that end in .yaml, .yml or .json, in the order of their
/// names, hidden ones left out. Throws ManifestError.
std::vector<std::filesystem::path> manifest_files(const std::filesystem::path& path);

/// The whole text of a file, at most 64 MiB. Throws ManifestError.
std::string read_manifest_file(const std::filesystem::path& file);

/// What a set of files looks like from outside: when two are equal and certain(), the files are the same still.
class FileFingerprint {
 public:
  FileFingerprint() = default;
  /// Of the files manifest_files() names now; empty when there are none.
  explicit FileFingerprint(const std::filesystem::path& path);

  /// False: a file was changed so recently that another change might not show in its time.
  bool certain() const { return certain_; }

  friend bool operator==(const FileFingerprint& a, const FileFingerprint& b) { return a.files_ == b.files_; }

 private:
  struct File {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t changed_ns = 0;

    friend bool operator==(const File&, const File&) = default;
  };

  std::vector<File> files_;
  bool certain_ = true;
};

}  // namespace ferry::watch
