#pragma once

#include <string>
#include <string_view>

#include "tests/apiserver/http_message.h"
#include "tests/apiserver/server.h"

namespace ferry::apiserver {

/// The bytes of an answer as a real server writes them: its headers in order, gzip for a large body when the client
/// takes it, chunks for what does not fit Go's first buffer. For a watch only the head.
std::string response_text(const Request& request, Response response, Release release, bool keep_alive);

/// One chunk of a chunked body.
std::string chunk(std::string_view data);

/// The end of a chunked body.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace ferry::apiserver
