#include "proxy/daemon/programming_wait.h"

#include <boost/system/error_code.hpp>

namespace ferry::proxy {
namespace {

constexpr std::chrono::milliseconds kProgrammingLook{5};

}  // namespace

void ProgrammingWait::handed_over(const std::vector<WallTime>& triggers) {
  times_.handed_over(triggers, dataplane_.batches().posted);
  look();
}

void ProgrammingWait::look() {
  times_.carried_out(dataplane_.batches().done, std::chrono::system_clock::now());
  if (!times_.waiting()) return;
  timer_.expires_after(kProgrammingLook);
  timer_.async_wait([this](const boost::system::error_code& code) {
    if (!code.failed()) look();
  });
}

}  // namespace ferry::proxy
