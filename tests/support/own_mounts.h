#pragma once

#include <fstream>
#include <stdexcept>
#include <string>

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace ferry::testing {

/// Gives this thread, and what it starts, mounts of its own. Throws std::runtime_error where the user may not.
inline void enter_own_mounts() {
  const uid_t user = ::getuid();
  if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    throw std::runtime_error("needs a mount namespace: run as root, or allow user namespaces");
  }
  if (user != 0) std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
}

/// A disk of so many bytes at the folder.
inline void mount_small_disk(const std::string& folder, std::size_t bytes) {
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes)).c_str()) != 0) {
    throw std::runtime_error("no tmpfs at " + folder);
  }
}

}  // namespace ferry::testing
