#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/route.h"
#include "tests/apiserver/status.h"

namespace ferry::apiserver {

/// Who may do what, by a token file in Kubernetes' format: lines of token,user,uid[,"group,group"]. A user without
/// groups may do everything, as may the group system:masters; system:node-proxier may read; other groups nothing.
class Auth {
 public:
  /// Everybody may do everything.
  Auth() = default;
  /// Throws std::runtime_error naming the file and the line.
  static Auth from_file(const std::string& path);

  /// nullopt when the request may go on; otherwise 401 for a token nobody has, 403 for what is not allowed.
  [[nodiscard]] std::optional<Status> check(std::string_view authorization, const Route* route, std::string_view verb,
                                            std::string_view path) const;

 private:
  struct User {
    std::string name;
    std::vector<std::string> groups;
  };
  std::optional<std::map<std::string, User, std::less<>>> users_;
};

}  // namespace ferry::apiserver
