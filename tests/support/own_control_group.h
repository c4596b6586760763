#pragma once

#include <string>

namespace ferry::testing {

/// A control group (v2) of this process's own, in which it and what it starts from now on are, and a BPF file system.
/// Both are mounted for this process alone, and gone with this object.
class OwnControlGroup {
 public:
  /// Throws std::runtime_error where the user may not; it takes root.
  OwnControlGroup();
  ~OwnControlGroup();
  OwnControlGroup(const OwnControlGroup&) = delete;
  OwnControlGroup& operator=(const OwnControlGroup&) = delete;

  const std::string& path() const { return group_; }
  /// The root of the hierarchy, of which path() is a part.
  const std::string& root() const { return root_; }
  const std::string& bpf_filesystem() const { return bpf_; }

  /// Moves this process to another group.
  static void move_to(const std::string& group);

 private:
  std::string root_;
  std::string bpf_;
  std::string group_;
};

}  // namespace ferry::testing
