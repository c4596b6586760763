#pragma once

#include <stdexcept>

namespace ferry::proxy {

/// The command line is wrong. what() is one sentence: the flag, what was wrong, what would be right. Exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace ferry::proxy
