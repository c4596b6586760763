#pragma once

#include <set>
#include <string>

namespace ferry::proxy {

/// A folder of a BPF file system in which steering lives on without a process: a file for each map and each attached
/// program, and nothing else.
class Pins {
 public:
  /// `folder` empty: nothing lives on. Makes it, for its owner alone; throws std::runtime_error when it cannot.
  explicit Pins(std::string folder);

  explicit operator bool() const { return !folder_.empty(); }
  /// Where something of this name is, or is to be.
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  /// Lets go of what is there under this name.
  void remove(const std::string& name) const;
  /// Lets go of everything but these: what earlier versions had.
  void keep_only(const std::set<std::string>& names) const;

 private:
  std::string folder_;
};

/// Ends the steering that lives on there, and removes the folder. False: there was none. Throws std::runtime_error with
/// the reason when it cannot.
bool remove_pins(const std::string& folder);

}  // namespace ferry::proxy
