#pragma once

#include "tests/apiserver/schema.h"
#include "tests/apiserver/status.h"

namespace ferry::apiserver {

/// RFC 7396: null deletes, objects merge, everything else replaces.
Json merge_patched(Json target, const Json& patch);

/// RFC 6902. A patch that does not apply is a 422, one that is none a 400.
Result<Json> json_patched(const Json& target, const Json& patch);

/// Kubernetes' strategic merge patch, by the merge keys of the API type: lists of objects merge by key, `$patch`
/// deletes or replaces, `$deleteFromPrimitiveList` removes scalars, `$setElementOrder` puts lists in order,
/// `$retainKeys` drops the other keys.
Result<Json> strategically_patched(const Schema& schema, const Json& target, const Json& patch);

}  // namespace ferry::apiserver
