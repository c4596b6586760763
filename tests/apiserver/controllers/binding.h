#pragma once

#include <string>

#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

/// The pod bound to a node: what the binding subresource makes of it. A pod that has a node already is a conflict
/// (409), whichever node it is; one that is being deleted is too.
Result<Json> bind_pod(const Object& pod, const std::string& node);

/// The pod saying in its condition PodScheduled that no node can take it.
Json mark_unschedulable(const Object& pod);

}  // namespace ferry::apiserver
