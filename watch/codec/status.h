#pragma once

#include <string_view>

#include "watch/rest/api_error.h"

namespace ferry::watch {

/// Reads what a server answers instead of what was asked: the body of an HTTP error, or the object of an ERROR event.
/// Understands the Status of today and that of 2014 ("failure", "notFound"), whose reasons it writes as today's. A body
/// that is none (a proxy's page, plain text) gives its beginning as the message. `http_status` counts where the body
/// holds no code. Never throws; what came over the network is fit to be logged.
ApiError decode_status(int http_status, std::string_view body);

}  // namespace ferry::watch
