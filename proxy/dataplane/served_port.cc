#include "proxy/dataplane/served_port.h"

namespace ferry::proxy {

SetChoice choose_set(const Frontend& frontend, const PortState& state, const std::optional<config::IpAddress>& client) {
  SetChoice choice;
  choice.family = frontend.at.address.family();
  choice.scope = client ? frontend.scope_for(*client) : frontend.scope;
  if (state.set(choice).empty()) {
    choice.scope = Scope::kCluster;
  }
  return choice;
}

}  // namespace ferry::proxy
