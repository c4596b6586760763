#pragma once

#include <filesystem>
#include <functional>

#include <boost/asio/any_io_executor.hpp>

#include "watch/source/folder_watch.h"
#include "watch/source/manifest_files.h"

namespace ferry::watch {

/// Tells when a file, or one of the manifests in a folder, has changed: written anew, replaced by a rename, or reached
/// by a link that leads elsewhere, as a kubelet swaps a ConfigMap. Where it cannot be known it is told, too.
class FileWatch {
 public:
  /// `on_change` is called by the executor.
  FileWatch(boost::asio::any_io_executor executor, std::filesystem::path path, std::function<void()> on_change);

  /// What changes after this is told. Throws std::runtime_error with one sentence when the kernel gives out no more
  /// watchers.
  void start();
  /// on_change is not called any more.
  void stop();

 private:
  void look();

  std::filesystem::path path_;
  std::function<void()> on_change_;
  FileFingerprint fingerprint_;
  /// Last, so that it is stopped before what it calls goes.
  FolderWatch folders_;
};

}  // namespace ferry::watch
