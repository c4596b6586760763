#pragma once

#include "proxy/cli/api.h"
#include "proxy/cli/json.h"

/// From the daemon's JSON to plain values. A field that is missing or of another type counts as empty, so that another
/// version's answer is shown as far as it goes; texts come out printable. Nothing here throws.
namespace ferry::cli {

Status decode_status(const Json& json);
ServicePort decode_service_port(const Json& json);
ServiceList decode_service_list(const Json& json);
ServiceDetail decode_service_detail(const Json& json);
ConnectionList decode_connection_list(const Json& json);

}  // namespace ferry::cli
