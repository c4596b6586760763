#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <set>

#include <boost/asio/any_io_executor.hpp>

namespace ferry::watch {

/// Tells when something may have changed in a set of folders (inotify(7)): files written, renamed into place, removed,
/// links set anew. Folders inside are not looked into. Changes that follow one another closely are told of once, after
/// 50 ms of quiet, or after a second where there is no quiet.
class FolderWatch {
 public:
  FolderWatch(boost::asio::any_io_executor executor, std::function<void()> on_change);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  /// Throws std::runtime_error with one sentence when the kernel gives out no more watchers.
  void start();
  /// Exactly these are watched from now on; one that does not exist is left out.
  void watch(const std::set<std::filesystem::path>& folders);
  /// on_change is not called any more.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ferry::watch
