#pragma once

#include "tests/apiserver/server.h"

namespace ferry::apiserver {

/// Starts the scheduler and the endpoints controller: what `Options::controllers` takes.
StartControllers start_all_controllers();

}  // namespace ferry::apiserver
