#pragma once

#include <string>

namespace ferry::testing {

/// The loopback addresses of one test process: its own, so that suites and demos that run at the same time do not
/// meet. 127.A.B.0/25 is its service range, the other half of 127.A.B.0/24 is for pods.
class AddressBlock {
 public:
  /// Of this process, by its number.
  AddressBlock();

  std::string service_range() const { return prefix_ + ".0/25"; }
  /// Counted from 1; at most 126.
  std::string pod_address(int number) const { return prefix_ + "." + std::to_string(128 + number); }

 private:
  std::string prefix_;
};

}  // namespace ferry::testing
