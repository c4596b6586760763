#pragma once

#include <vector>

#include "proxy/inspect/json_parts.h"
#include "watch/reflector/reflector_monitor.h"
#include "watch/source/file_source.h"

namespace ferry::proxy {

/// The arrays `watches` and `files` of /api/status (docs/api.md).
Json watches_json(const std::vector<watch::ReflectorStatus>& resources);
Json files_json(const std::vector<watch::FileSourceStatus>& files);

}  // namespace ferry::proxy
