#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <sys/types.h>

#include "watch/rest/client_config.h"

namespace ferry::watch {

/// Hands out a secret as it is now. One kept in a file is read again when the file changes (a kubelet swaps tokens and
/// certificates under a running process); a file that cannot be read any more leaves the last good text in force, which
/// is logged when it begins and when it ends. Not thread-safe.
class SecretReader {
 public:
  /// The file is looked at no more often than `check_every`.
  SecretReader(Secret secret, std::chrono::milliseconds check_every);

  /// The text now, without white space at its ends; empty when there is none or it could never be read.
  const std::string& current();
  /// What current() gave last, without looking again.
  const std::string& text() const { return text_; }
  /// Grows each time current() has changed.
  std::uint64_t version() const { return version_; }
  const Secret& secret() const { return secret_; }

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  void look();
  void unreadable(const std::string& why);

  Secret secret_;
  std::chrono::milliseconds check_every_;
  std::string text_;
  std::uint64_t version_ = 0;
  Stamp stamp_;
  bool looked_ = false;
  bool failing_ = false;
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace ferry::watch
