#include "tests/e2e/eventually.h"

#include <stdexcept>
#include <thread>

namespace ferry::testing {

void eventually(const std::string& what, const std::function<bool()>& condition, std::chrono::seconds limit) {
  // Short enough not to be felt, long enough to leave the processor to those that are waited for.
  constexpr std::chrono::milliseconds kBetween{5};
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("it never came true that " + what);
    std::this_thread::sleep_for(kBetween);
  }
}

}  // namespace ferry::testing
