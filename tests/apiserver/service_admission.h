#pragma once

#include "tests/apiserver/server.h"
#include "tests/apiserver/service_allocator.h"

namespace ferry::apiserver {

/// Gives a service (canonical, with defaults) its cluster IPs, families and node ports, as a real server's registry
/// does; `old` is the state it replaces, null for a new one. An address that cannot be had is a 422.
Result<Json> admit_service(ServiceAllocator& allocator, Json service, const Object* old, Release release);

}  // namespace ferry::apiserver
