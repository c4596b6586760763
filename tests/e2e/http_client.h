#pragma once

#include <chrono>
#include <string>

namespace ferry::testing {

struct HttpReply {
  /// 0: there was no answer; `body` says why.
  int status = 0;
  std::string body;
};

/// One request on a connection of its own. `url` is "http://HOST:PORT/PATH".
HttpReply http(const std::string& method, const std::string& url, const std::string& body = {},
               const std::string& content_type = "application/json",
               std::chrono::seconds limit = std::chrono::seconds(10));

}  // namespace ferry::testing
