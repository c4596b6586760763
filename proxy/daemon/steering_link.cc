#include "proxy/daemon/steering_link.h"

#include <cerrno>

namespace ferry::proxy {

namespace {

EjectionCause cause_of(int error) {
  switch (error) {
    case 0:
    case ETIMEDOUT:
      return EjectionCause::kTimedOut;
    case ECONNREFUSED:
      return EjectionCause::kRefused;
    default:
      return EjectionCause::kUnreachable;
  }
}

}  // namespace

void SteeringLink::suspect(const SteeringTrouble& trouble) {
  dataplane_.suspect(trouble.name, trouble.endpoint, cause_of(trouble.error));
}

}  // namespace ferry::proxy
