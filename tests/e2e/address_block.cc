#include "tests/e2e/address_block.h"

#include <unistd.h>

namespace ferry::testing {

namespace {

// 127.96.0.0/16 is the demo's, 127.98.0.0/16 the data plane's tests', and what lies below is where people put things by
// hand.
constexpr int kFirst = 100;
constexpr int kCount = 150;

}  // namespace

AddressBlock::AddressBlock() {
  const int pid = getpid();
  prefix_ = "127." + std::to_string(kFirst + pid / 256 % kCount) + "." + std::to_string(pid % 256);
}

}  // namespace ferry::testing
