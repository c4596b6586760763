#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

SteeredCounters& SteeredCounters::operator+=(const SteeredCounters& more) {
  dialled += more.dialled;
  failed += more.failed;
  given_up += more.given_up;
  closed += more.closed;
  bytes_to_endpoint += more.bytes_to_endpoint;
  bytes_to_client += more.bytes_to_client;
  return *this;
}

}  // namespace ferry::proxy
