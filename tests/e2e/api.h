#pragma once

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace ferry::testing {

using Json = nlohmann::json;

/// Talks to an API server as a person with curl does. Every call throws std::runtime_error with the server's answer
/// when that is not a success.
class Api {
 public:
  Api() = default;
  explicit Api(std::string url) : url_(std::move(url)) {}

  const std::string& url() const { return url_; }

  Json get(const std::string& path) const { return send("GET", path, {}); }
  Json create(const std::string& path, const Json& object) const { return send("POST", path, object); }
  /// RFC 7396.
  Json merge_patch(const std::string& path, const Json& patch) const;
  Json remove(const std::string& path) const { return send("DELETE", path, {}); }

 private:
  Json send(const std::string& method, const std::string& path, const Json& body,
            const std::string& content_type = "application/json") const;

  std::string url_;
};

}  // namespace ferry::testing
