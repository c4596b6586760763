#pragma once

#include <string_view>

#include "tests/apiserver/status.h"

namespace ferry::apiserver {

/// Reads an object in Kubernetes' protobuf envelope, which kubectl sends for `create service` and `create namespace`.
/// Only those two kinds are understood; any other is a 415, broken bytes are a 400.
Result<Json> decode_protobuf(std::string_view bytes);

}  // namespace ferry::apiserver
