#pragma once

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include <sched.h>
#include <unistd.h>

namespace ferry::testing {

/// Moves this thread into a network of its own, with a loopback device that is down, so that nothing of the machine is
/// touched. Throws std::runtime_error where the user may not.
inline void enter_own_network() {
  const uid_t user = ::getuid();
  if (::unshare(user == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    throw std::runtime_error("needs a network namespace: run as root, or allow user namespaces");
  }
  if (user != 0) std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
}

/// Runs ip(8).
inline void ip(const std::string& arguments) {
  if (std::system(("ip " + arguments).c_str()) != 0) throw std::runtime_error("failed: ip " + arguments);
}

}  // namespace ferry::testing
