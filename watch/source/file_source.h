#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "config/store.h"

namespace ferry::watch {

/// How a file source stands.
struct FileSourceStatus {
  std::string path;
  std::size_t services = 0;
  std::size_t slices = 0;
  /// Times the files were read whole and taken.
  std::uint64_t loads = 0;
  /// Times they were not, because one of them was broken.
  std::uint64_t failures = 0;
  /// "file:line: what is wrong"; empty when the last reading was good.
  std::string last_error;
};

/// Feeds one source of the store from Kubernetes manifests, YAML or JSON: a file with any number of documents, or a
/// folder whose files ending in .yaml, .yml and .json are read in the order of their names. They are read again when
/// they change (inotify); files of which one is broken leave the last good state in force.
class FileSource {
 public:
  /// `store` outlives the source. Nothing is read before start().
  FileSource(boost::asio::any_io_executor executor, config::Store::Source& store, std::filesystem::path path);
  ~FileSource();
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  /// Reads the files and begins to watch them. Throws std::runtime_error with one sentence that names the file, the
  /// line and the reason when they cannot be read: at the start there is no last good state.
  void start();
  /// Nothing runs afterwards.
  void stop();

  /// Safe from any thread.
  FileSourceStatus status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferry::watch
