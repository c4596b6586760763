#pragma once

#include <string>

#include "tests/apiserver/context.h"

namespace ferry::apiserver {

/// Creates what the manifests in a file describe, as if they had been posted, and the namespaces they live in. Throws
/// std::runtime_error naming the file, the document and what is wrong with it.
void seed_from_file(Context& context, const std::string& path);

/// The namespaces that every cluster has, where they are missing.
void create_standard_namespaces(Context& context);

}  // namespace ferry::apiserver
