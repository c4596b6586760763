#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>

#include "proxy/daemon/manager_report.h"
#include "proxy/host/service_manager.h"

namespace ferry::proxy {

/// Tells the service manager, where there is one, what ManagerReport has to say. That it does not hear is logged once.
class ManagerLink {
 public:
  /// `manager` outlives it.
  explicit ManagerLink(const ServiceManager& manager) : manager_(manager), report_(manager.watchdog()) {}

  /// How often to look, at least; none when it does not matter.
  std::optional<std::chrono::microseconds> pace() const { return report_.pace(); }
  void report(const Standing& standing);
  /// Around a reload.
  void reloading();
  void reloaded();
  /// The end has begun, which takes `grace` at most.
  void stopping(std::uint64_t connections, std::chrono::milliseconds grace);
  /// From now on that process is the service's, and this one has nothing more to say.
  void give_way_to(int pid);

 private:
  bool tell(const std::string& state);
  bool note(std::error_code error);

  const ServiceManager& manager_;
  ManagerReport report_;
  bool hears_ = true;
  bool silent_ = false;
};

}  // namespace ferry::proxy
