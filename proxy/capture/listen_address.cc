#include "proxy/capture/listen_address.h"

namespace ferry::proxy {

std::string to_string(const ListenAddress& at) {
  const std::string address = at.address.to_string();
  const std::string place = (at.address.is_v4() ? address : "[" + address + "]") + ":" + std::to_string(at.port);
  return at.protocol == config::Protocol::kTcp ? place : place + "/" + std::string(config::to_string(at.protocol));
}

}  // namespace ferry::proxy
