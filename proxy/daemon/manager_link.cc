#include "proxy/daemon/manager_link.h"

#include <spdlog/spdlog.h>

namespace ferry::proxy {

void ManagerLink::report(const Standing& standing) {
  if (!manager_ || silent_) return;
  const std::string state = report_.next(standing, std::chrono::steady_clock::now());
  if (!state.empty() && tell(state)) report_.heard();
}

void ManagerLink::reloading() {
  // Before it was told that this process is ready, READY=1 would say more than that the options were read.
  if (report_.ready() && !silent_) note(manager_.notify_reloading());
}

void ManagerLink::reloaded() {
  if (report_.ready() && !silent_) tell("READY=1");
}

void ManagerLink::stopping(std::uint64_t connections, std::chrono::milliseconds grace) {
  tell(report_.stopping(connections, grace));
}

void ManagerLink::give_way_to(int pid) {
  tell("MAINPID=" + std::to_string(pid));
  silent_ = true;
}

bool ManagerLink::tell(const std::string& state) { return note(manager_.notify(state)); }

bool ManagerLink::note(std::error_code error) {
  if (error && hears_) spdlog::warn("the service manager cannot be told how things stand: {}", error.message());
  if (!error && !hears_) spdlog::info("the service manager is told how things stand again");
  hears_ = !error;
  return hears_;
}

}  // namespace ferry::proxy
